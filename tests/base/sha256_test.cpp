#include <gtest/gtest.h>

#include <string>

#include "base/digest.hpp"

namespace lockstep {
namespace {

// FIPS 180-4 examples.
TEST(Sha256, GivesKnownDigests) {
  Sha256 sha;
  EXPECT_EQ(to_string(sha.hash(ByteSpan{})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_string(sha.hash(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      to_string(sha.hash(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_string(sha.hash(as_bytes(std::string(1'000'000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, HashesPiecesAsOneText) {
  Sha256 sha;
  const Digest whole = sha.hash(as_bytes("log replication"));
  EXPECT_EQ(sha.hash({as_bytes("log "), ByteSpan{}, as_bytes("replication")}), whole);
  sha.begin();
  sha.update(as_bytes("log repl"));
  sha.update(as_bytes("ication"));
  EXPECT_EQ(sha.finish(), whole);
}

TEST(Sha256, BeginForgetsWhatWasNotFinished) {
  Sha256 sha;
  sha.begin();
  sha.update(as_bytes("left over"));
  EXPECT_EQ(sha.hash(as_bytes("abc")), Sha256().hash(as_bytes("abc")));
}

}  // namespace
}  // namespace lockstep
