#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "lockstep/export.hpp"

/// The words of the library as types. Numbers of different meaning do not convert into each other.
namespace lockstep {

/// An unsigned 64-bit number that means one thing only. `Tag` tells which.
template <class Tag>
class StrongNumber {
 public:
  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  /// The number that follows. Precondition: not the largest one.
  [[nodiscard]] constexpr StrongNumber next() const { return StrongNumber(value_ + 1); }
  /// The number before. Precondition: not zero.
  [[nodiscard]] constexpr StrongNumber previous() const { return StrongNumber(value_ - 1); }

  friend constexpr auto operator<=>(StrongNumber, StrongNumber) = default;

 private:
  std::uint64_t value_ = 0;
};

/// A place in the log. The first entry has index 1; 0 means "before the first".
using Index = StrongNumber<struct IndexTag>;
/// A leadership (Raft §5.1). 0 means "none yet".
using Term = StrongNumber<struct TermTag>;
/// Names a session of a client's: the index of the entry that opened it.
using SessionId = StrongNumber<struct SessionTag>;
/// Names one replicated log; a process may hold many.
using GroupId = StrongNumber<struct GroupTag>;
/// Grows at each start of a process.
using BootNumber = StrongNumber<struct BootTag>;
/// Grows at each dial of one process towards one peer.
using DialNumber = StrongNumber<struct DialTag>;

/// A random 128-bit identifier that means one thing only. All zeros means "none".
template <class Tag>
class StrongId {
 public:
  static constexpr std::size_t kBytes = 16;
  using Bytes = std::array<std::uint8_t, kBytes>;

  constexpr StrongId() = default;
  constexpr explicit StrongId(const Bytes& bytes) : bytes_(bytes) {}

  [[nodiscard]] constexpr const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] constexpr bool is_none() const { return bytes_ == Bytes{}; }

  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  Bytes bytes_{};
};

/// Random id of a cluster, drawn at its bootstrap.
using ClusterId = StrongId<struct ClusterTag>;
/// Of a group: changes only when an operator forces a leader.
using Epoch = StrongId<struct EpochTag>;
/// Random id of one node's data of one group, made with its folder.
using Incarnation = StrongId<struct IncarnationTag>;
/// Names one change of members, so that a repeated call is harmless.
using OperationId = StrongId<struct OperationTag>;
/// Names one message. Chosen by the sender, never rewritten.
using MessageId = StrongId<struct MessageTag>;

/// 32 lower-case hex digits.
[[nodiscard]] LOCKSTEP_EXPORT std::string to_hex(const std::array<std::uint8_t, 16>& bytes);
template <class Tag>
[[nodiscard]] std::string to_string(const StrongId<Tag>& id) {
  return to_hex(id.bytes());
}
template <class Tag>
[[nodiscard]] std::string to_string(StrongNumber<Tag> number) {
  return std::to_string(number.value());
}

/// The name of a node: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. Empty means "none". The type
/// does not check; every API that takes one does, by `is_valid`.
class NodeId {
 public:
  static constexpr std::size_t kMaxBytes = 64;

  NodeId() = default;
  explicit NodeId(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& str() const { return name_; }
  [[nodiscard]] bool is_none() const { return name_.empty(); }
  [[nodiscard]] LOCKSTEP_EXPORT bool is_valid() const;

  friend auto operator<=>(const NodeId&, const NodeId&) = default;

 private:
  std::string name_;
};

[[nodiscard]] inline const std::string& to_string(const NodeId& id) { return id.str(); }

/// A SHA-256 digest. All zeros means "not computed".
struct Digest {
  static constexpr std::size_t kBytes = 32;
  std::array<std::uint8_t, kBytes> bytes{};

  [[nodiscard]] bool is_none() const { return bytes == std::array<std::uint8_t, kBytes>{}; }
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// 64 lower-case hex digits.
[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(const Digest& digest);

/// Indexes `first..last`, both included; empty when `last < first`.
struct IndexRange {
  Index first{1};
  Index last{0};

  [[nodiscard]] bool empty() const { return last < first; }
  [[nodiscard]] std::uint64_t size() const {
    return empty() ? 0 : last.value() - first.value() + 1;
  }
  [[nodiscard]] bool contains(Index index) const { return first <= index && index <= last; }
  friend auto operator<=>(const IndexRange&, const IndexRange&) = default;
};

/// The name of an entry (Raft §5.3: index and term together identify it).
struct EntryId {
  Index index;
  Term term;
  friend auto operator<=>(const EntryId&, const EntryId&) = default;
};

}  // namespace lockstep

template <class Tag>
struct std::hash<lockstep::StrongNumber<Tag>> {
  std::size_t operator()(lockstep::StrongNumber<Tag> n) const noexcept {
    return std::hash<std::uint64_t>{}(n.value());
  }
};

template <>
struct std::hash<lockstep::NodeId> {
  std::size_t operator()(const lockstep::NodeId& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
