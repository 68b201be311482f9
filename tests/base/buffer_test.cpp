#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"

namespace lockstep {
namespace {

TEST(SharedBuffer, CopyIsIndependentOfItsSource) {
  std::string source = "payload";
  const SharedBuffer buffer = SharedBuffer::copy_of(source);
  source.assign("scribble");
  EXPECT_EQ(buffer.view(), "payload");
  EXPECT_EQ(buffer.size(), 7u);
  EXPECT_FALSE(buffer.empty());
  EXPECT_TRUE(SharedBuffer().empty());
}

TEST(SharedBuffer, AdoptedMemoryIsNotCopied) {
  std::vector<std::uint8_t> bytes = {1, 2, 3};
  const std::uint8_t* where = bytes.data();
  const SharedBuffer buffer = SharedBuffer::adopt(std::move(bytes));
  EXPECT_EQ(buffer.data(), where);
  EXPECT_EQ(buffer.size(), 3u);
}

TEST(SharedBuffer, SliceKeepsTheWholeAlive) {
  auto owner = std::make_shared<std::string>("header|payload");
  const std::weak_ptr<std::string> watch = owner;
  SharedBuffer slice = SharedBuffer(owner, as_bytes(*owner)).slice(7, 7);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(slice.view(), "payload");
  slice = SharedBuffer();
  EXPECT_TRUE(watch.expired());
}

TEST(Payload, KeepsHeadroomForTheEntryHeader) {
  Payload payload(std::string_view("abc"));
  EXPECT_EQ(payload.size(), 3u);
  payload.bytes()[1] = 'x';
  const std::uint8_t* where = payload.bytes().data();
  const std::shared_ptr<std::uint8_t[]> memory = std::move(payload).release();
  EXPECT_EQ(memory.get() + EntryHeader::kEncodedBytes, where);
  EXPECT_EQ(std::string(where, where + 3), "axc");
}

TEST(Payload, EmptyOnesHaveHeadroomToo) {
  Payload payload(std::size_t{0});
  EXPECT_TRUE(payload.bytes().empty());
  EXPECT_NE(std::move(payload).release(), nullptr);
}

}  // namespace
}  // namespace lockstep
