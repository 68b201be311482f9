#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/entry_codec.hpp"

namespace lockstep {
namespace {

using Bytes = std::vector<std::uint8_t>;

// docs/wire-format.md, "Entries", written again in the plainest way.

void append_le(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes sha256(const Bytes& bytes) {
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

Bytes reference_header(const EntryHeader& header) {
  const std::string tag = header.payload_bytes > 4096 ? "LST1" : "LSE1";
  Bytes out(tag.begin(), tag.end());
  append_le(out, header.group.value(), 8);
  append_le(out, static_cast<std::uint32_t>(header.kind), 4);
  append_le(out, header.term.value(), 8);
  append_le(out, header.index.value(), 8);
  append_le(out, header.payload_bytes, 8);
  return out;
}

Bytes reference_digest(const EntryHeader& header, const Bytes& payload) {
  Bytes hashed = reference_header(header);
  if (payload.size() <= 4096) {
    hashed.insert(hashed.end(), payload.begin(), payload.end());
    return sha256(hashed);
  }
  for (std::size_t at = 0; at < payload.size(); at += 4096) {
    Bytes leaf = {'L', 'S', 'L', '1'};
    const std::size_t end = std::min(payload.size(), at + 4096);
    leaf.insert(leaf.end(), payload.begin() + static_cast<std::ptrdiff_t>(at),
                payload.begin() + static_cast<std::ptrdiff_t>(end));
    const Bytes digest = sha256(leaf);
    hashed.insert(hashed.end(), digest.begin(), digest.end());
  }
  return sha256(hashed);
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

EntryHeader header_of(std::size_t payload_bytes) {
  return {GroupId(0x0102030405060708), EntryKind::kCommand, Term(0x1112131415161718),
          Index(0x2122232425262728), payload_bytes};
}

Entry sealed(Sha256& sha, const Bytes& payload) {
  return seal_entry(sha, header_of(payload.size()), Payload(ByteSpan(payload)).release());
}

Bytes to_bytes(const Digest& digest) { return {digest.bytes.begin(), digest.bytes.end()}; }

constexpr std::size_t kSizes[] = {0, 1, 256, 4095, 4096, 4097, 8192, 8193, 61440, 70000};

TEST(EntryDigest, IsWhatTheDocumentSays) {
  Sha256 sha;
  for (const std::size_t size : kSizes) {
    const Bytes payload = pattern(size);
    const Entry entry = sealed(sha, payload);
    EXPECT_EQ(to_bytes(entry.digest), reference_digest(entry.header, payload)) << size;
  }
}

TEST(EntryDigest, SealingWritesTheHeaderBeforeThePayload) {
  Sha256 sha;
  const Bytes payload = pattern(300);
  const Entry entry = sealed(sha, payload);
  Bytes expected = reference_header(entry.header);
  expected.insert(expected.end(), payload.begin(), payload.end());
  EXPECT_EQ(Bytes(entry.encoded.bytes().begin(), entry.encoded.bytes().end()), expected);
  EXPECT_EQ(Bytes(entry.payload().bytes().begin(), entry.payload().bytes().end()), payload);
  EXPECT_EQ(entry.header, header_of(300));
}

TEST(EntryDigest, LeavesMadeBeforeGiveTheSame) {
  Sha256 sha;
  const Bytes payload = pattern(10'000);
  const Bytes leaves = hash_leaves(sha, payload);
  EXPECT_EQ(leaves.size(), 3 * Digest::kBytes);
  const Entry entry =
      seal_entry(sha, header_of(payload.size()), Payload(ByteSpan(payload)).release(), leaves);
  EXPECT_EQ(to_bytes(entry.digest), reference_digest(entry.header, payload));
}

TEST(EntryDigest, PartsGiveTheSameAsTheWhole) {
  Sha256 sha;
  for (const std::size_t size : {4097u, 8192u, 8193u, 70000u}) {
    const Bytes payload = pattern(size);
    const Entry entry = sealed(sha, payload);
    for (const std::size_t part : {4096u, 3u * 4096u}) {
      TreeHasher hasher;
      for (std::size_t at = 0; at < size; at += part) {
        hasher.add(sha, ByteSpan(payload).subspan(at, std::min(part, size - at)));
      }
      EXPECT_EQ(hasher.finish(sha, entry.encoded.bytes().first(EntryHeader::kEncodedBytes)),
                entry.digest)
          << size << " in parts of " << part;
    }
  }
}

TEST(EntryDigest, VerificationFindsEveryFlippedBit) {
  Sha256 sha;
  for (const std::size_t size : {0u, 24u}) {
    const Entry good = sealed(sha, pattern(size));
    ASSERT_TRUE(verify_entry(sha, good));
    for (std::size_t bit = 0; bit < good.encoded.size() * 8; ++bit) {
      Bytes damaged(good.encoded.bytes().begin(), good.encoded.bytes().end());
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      ASSERT_FALSE(verify_entry(sha, {good.header, good.digest, SharedBuffer::adopt(damaged)}))
          << bit;
    }
    for (std::size_t bit = 0; bit < Digest::kBytes * 8; ++bit) {
      Entry damaged = good;
      damaged.digest.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      ASSERT_FALSE(verify_entry(sha, damaged)) << bit;
    }
  }
}

TEST(EntryDigest, VerificationFindsAHeaderThatSaysSomethingElse) {
  Sha256 sha;
  const Entry good = sealed(sha, pattern(8));
  Entry other = good;
  other.header.index = Index(1);
  EXPECT_FALSE(verify_entry(sha, other));
  other = good;
  other.encoded = good.encoded.slice(0, good.encoded.size() - 1);
  EXPECT_FALSE(verify_entry(sha, other));
  other.encoded = good.encoded.slice(0, 10);
  EXPECT_FALSE(verify_entry(sha, other));
}

TEST(EntryDigest, LargePayloadsDamagedInAnyLeafAreFound) {
  Sha256 sha;
  const Entry good = sealed(sha, pattern(9000));
  for (const std::size_t at : {40u, 40u + 4095u, 40u + 4096u, 40u + 8192u, 40u + 8999u}) {
    Bytes damaged(good.encoded.bytes().begin(), good.encoded.bytes().end());
    damaged[at] ^= 1;
    EXPECT_FALSE(verify_entry(sha, {good.header, good.digest, SharedBuffer::adopt(damaged)})) << at;
  }
}

TEST(EntryHeaderCodec, RoundTrips) {
  for (const std::uint64_t size : {0u, 4096u, 4097u}) {
    for (const EntryKind kind :
         {EntryKind::kNoop, EntryKind::kConfiguration, static_cast<EntryKind>(77)}) {
      EntryHeader header = header_of(size);
      header.kind = kind;
      Bytes encoded(EntryHeader::kEncodedBytes);
      encode_entry_header(header, encoded.data());
      EXPECT_EQ(encoded, reference_header(header));
      EXPECT_EQ(decode_entry_header(encoded), header);
    }
  }
}

TEST(EntryHeaderCodec, RefusesWhatNoLeaderWrites) {
  const auto decode = [](EntryHeader header, int flip_tag) {
    Bytes encoded(EntryHeader::kEncodedBytes);
    encode_entry_header(header, encoded.data());
    encoded[0] ^= static_cast<std::uint8_t>(flip_tag);
    return decode_entry_header(encoded);
  };
  EXPECT_TRUE(decode(header_of(1), 0));
  EXPECT_FALSE(decode(header_of(1), 1)) << "unknown tag";
  EntryHeader header = header_of(1);
  header.term = Term(0);
  EXPECT_FALSE(decode(header, 0)) << "term 0";
  header = header_of(1);
  header.index = Index(0);
  EXPECT_FALSE(decode(header, 0)) << "index 0";
  Bytes encoded = reference_header(header_of(5000));
  encoded[2] = 'E';
  EXPECT_FALSE(decode_entry_header(encoded)) << "the tag of a flat entry, the length of a tree";
}

TEST(EntryKinds, OnlyTheNamedOnesAreKnown) {
  EXPECT_TRUE(is_known(EntryKind::kNoop));
  EXPECT_TRUE(is_known(EntryKind::kConfiguration));
  EXPECT_TRUE(is_known(EntryKind::kCommand));
  EXPECT_FALSE(is_known(static_cast<EntryKind>(0)));
  EXPECT_FALSE(is_known(static_cast<EntryKind>(6)));
}

TEST(EntryDigest, AStoredEntryIsRestoredOrRefused) {
  Sha256 sha;
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{5000}}) {
    const Entry entry = sealed(sha, pattern(size));
    const Result<Entry> restored = restore_entry(entry.digest, entry.encoded);
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->header, entry.header);
    EXPECT_EQ(restored->digest, entry.digest);
    Bytes bytes(entry.encoded.bytes().begin(), entry.encoded.bytes().end());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] ^= 0x10;
      EXPECT_EQ(restore_entry(entry.digest, SharedBuffer::copy_of(bytes)).error(),
                Errc::kBadEntryDigest)
          << i;
      bytes[i] ^= 0x10;
    }
    bytes.pop_back();
    EXPECT_FALSE(restore_entry(entry.digest, SharedBuffer::copy_of(bytes)));
  }
  EXPECT_FALSE(restore_entry(Digest(), SharedBuffer()));
}

}  // namespace
}  // namespace lockstep
