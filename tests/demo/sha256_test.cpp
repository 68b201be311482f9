#include "sha256.hpp"

#include <gtest/gtest.h>

namespace lockstep_demo {
namespace {

// FIPS 180-4, the examples of its appendix.
constexpr std::string_view kEmpty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), kAbc);
}

TEST(Sha256, TakesPiecesAndStartsOver) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish_hex(), kAbc);
  EXPECT_EQ(hash.finish_hex(), kEmpty);
}

}  // namespace
}  // namespace lockstep_demo
