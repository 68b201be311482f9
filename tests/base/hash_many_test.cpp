#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/digest_lanes.hpp"
#include "base/entry_codec.hpp"
#include "lockstep/testing/sealed_entry.hpp"

namespace lockstep {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Around the ends of SHA-256's blocks, of a leaf, and of what a lane takes.
constexpr std::size_t kSizes[] = {0,   1,    31,   55,   56,   63,   64,   65,   119,  120,
                                  296, 1000, 4095, 4096, 4100, 4136, 8191, 8192, 8193, 70'000};

/// Different for each seed, so that a digest in another's place is found.
Bytes text(std::size_t size, std::size_t seed) {
  Bytes bytes(size);
  std::uint32_t state = static_cast<std::uint32_t>(seed * 2654435761u + 1);
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

Digest reference(ByteSpan bytes) {
  Digest digest;
  SHA256(bytes.data(), bytes.size(), digest.bytes.data());
  return digest;
}

/// Texts, some of them in two pieces.
struct Inputs {
  std::vector<Bytes> texts;
  std::vector<HashInput> inputs;

  void add(Bytes bytes, std::size_t head_bytes) {
    texts.push_back(std::move(bytes));
    const ByteSpan whole(texts.back());
    head_bytes = std::min(head_bytes, whole.size());
    inputs.push_back({whole.first(head_bytes), whole.subspan(head_bytes)});
  }
};

void expect_right(const Inputs& inputs, const std::vector<Digest>& digests, const char* who) {
  for (std::size_t i = 0; i < digests.size(); ++i) {
    ASSERT_EQ(digests[i], reference(inputs.texts[i]))
        << who << ": input " << i << " of " << digests.size() << ", " << inputs.texts[i].size()
        << " bytes";
  }
}

void expect_right_by_all(const Inputs& inputs) {
  Sha256 sha;
  std::vector<Digest> digests(inputs.inputs.size());
  sha.hash_many(inputs.inputs, digests.data());
  expect_right(inputs, digests, "hash_many");

  // However few there are.
  std::vector<Digest> by_lanes(inputs.inputs.size());
  ASSERT_EQ(hash_in_lanes(inputs.inputs, by_lanes.data()), has_hash(HashBy::kIpsecMb));
  if (!has_hash(HashBy::kIpsecMb)) return;
  for (std::size_t i = 0; i < by_lanes.size(); ++i) {
    if (!fits_a_lane(inputs.inputs[i])) by_lanes[i] = digests[i];
  }
  expect_right(inputs, by_lanes, "lanes");
}

TEST(HashMany, GivesEachOfAnyNumberItsOwnDigest) {
  for (const std::size_t size : kSizes) {
    for (std::size_t count = 0; count <= (size > 10'000 ? 5u : 70u); ++count) {
      Inputs inputs;
      for (std::size_t i = 0; i < count; ++i) inputs.add(text(size, i), i % 3 == 0 ? 4 : 0);
      expect_right_by_all(inputs);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(HashMany, GivesEachItsOwnDigestWhenAllSizesAreMixed) {
  for (std::size_t count = 0; count <= 70; ++count) {
    Inputs inputs;
    for (std::size_t i = 0; i < count; ++i) {
      inputs.add(text(kSizes[(i * 7 + count) % std::size(kSizes)], i), i % 5 == 0 ? i * 40 : 0);
    }
    expect_right_by_all(inputs);
    if (HasFatalFailure()) return;
  }
}

// FIPS 180-4 examples, in every lane.
TEST(HashMany, GivesKnownDigests) {
  constexpr std::size_t kEach = 20;
  const std::vector<std::string> texts = {
      "abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
      "opqrsmnopqrstnopqrstu"};
  const std::vector<std::string> digests = {
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"};
  std::vector<HashInput> inputs;
  for (std::size_t i = 0; i < kEach * texts.size(); ++i) {
    inputs.push_back({{}, as_bytes(texts[i % texts.size()])});
  }
  Sha256 sha;
  std::vector<Digest> made(inputs.size());
  sha.hash_many(inputs, made.data());
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(to_string(made[i]), digests[i % digests.size()]) << i;
  }
}

TEST(HashMany, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 20; ++thread) {
    threads.emplace_back([thread] {
      Inputs inputs;
      for (std::size_t i = 0; i < 40; ++i) inputs.add(text(100 + i, thread * 100 + i), i % 2);
      for (int round = 0; round < 50; ++round) expect_right_by_all(inputs);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

Entry sealed(std::size_t payload_bytes, std::uint64_t index) {
  EntryHeader header;
  header.group = GroupId(3);
  header.term = Term(2);
  header.index = Index(index);
  const Bytes payload = text(payload_bytes, index);
  return testing::seal_entry(header, Payload(ByteSpan(payload)));
}

std::vector<Entry> entries_of_all_sizes() {
  std::vector<Entry> entries;
  for (const std::size_t size : {0u, 256u, 4096u, 4097u, 8192u, 70'000u, 300u}) {
    entries.push_back(sealed(size, entries.size() + 1));
  }
  return entries;
}

TEST(EntryDigests, AreThoseOfTheEntriesOneByOne) {
  Sha256 sha;
  const std::vector<Entry> entries = entries_of_all_sizes();
  std::vector<Bytes> leaves(entries.size());
  std::vector<DigestedBytes> without_leaves, with_leaves;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (entry.header.payload_bytes > kLeafBytes) {
      leaves[i] = hash_leaves(sha, entry.payload().bytes());
    }
    without_leaves.push_back({entry.encoded.bytes()});
    with_leaves.push_back({entry.encoded.bytes(), leaves[i]});
  }
  const std::vector<Digest> plain = entry_digests(sha, without_leaves);
  const std::vector<Digest> prepared = entry_digests(sha, with_leaves);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(plain[i], entries[i].digest) << i;
    EXPECT_EQ(prepared[i], entries[i].digest) << i;
  }
}

TEST(EntryDigests, VerificationCountsUpToTheFirstThatIsDamaged) {
  Sha256 sha;
  const std::vector<Entry> good = entries_of_all_sizes();
  EXPECT_EQ(count_verified(sha, good), good.size());
  EXPECT_EQ(count_verified(sha, {}), 0u);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Entry> damaged = good;
    Bytes bytes(good[i].encoded.bytes().begin(), good[i].encoded.bytes().end());
    bytes.back() ^= 1;
    damaged[i].encoded = SharedBuffer::adopt(bytes);
    EXPECT_EQ(count_verified(sha, damaged), i);
    damaged = good;
    damaged[i].digest.bytes[31] ^= 1;
    EXPECT_EQ(count_verified(sha, damaged), i);
    damaged = good;
    damaged[i].header.index = Index(77);
    EXPECT_EQ(count_verified(sha, damaged), i);
  }
}

}  // namespace
}  // namespace lockstep
