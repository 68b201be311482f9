#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace lockstep_demo {

enum class EntryType { kBegin, kPrepare, kCommit, kRollback, kData };
enum class Operation { kInsert, kUpdate, kDelete, kIndexChange, kStore, kBegin, kCommit };

/// One entry of a Collection Store's WAL, as far as the demo uses it. The views point into the line
/// that it was parsed from.
struct CollectionStoreEntry {
  std::string transaction_id;
  std::uint64_t sequence_number = 0;
  EntryType type = EntryType::kData;
  Operation operation = Operation::kStore;
  std::optional<std::string> collection_name;
  /// Canonical JSON text, so that `1` and `"1"` are two keys, and `1` and `1.0` are one.
  std::optional<std::string> key;
  /// As it stands in the line: a value's numbers must not change on the way.
  std::optional<std::string_view> new_value;
  std::string_view checksum;

  /// Whether it changes the contents of a collection. Everything else (the frame of a transaction,
  /// checkpoints, an adapter's two-phase commit, index changes) is bookkeeping.
  [[nodiscard]] bool is_change() const;
};

/// What keeps a text from being an entry, and what would be right.
struct EntryProblem {
  std::string text;
};

/// Parses one line. Wanted is what a follower of the original insists on: transactionId (not
/// empty), timestamp (not 0), type, operation, data, sequenceNumber >= 0, the types as the original
/// writes them, and data.key where a change is to be applied to it. Unknown members are welcome,
/// equal names in one object are not. Does not verify the checksum.
[[nodiscard]] std::variant<CollectionStoreEntry, EntryProblem> parse_collection_store_entry(
    std::string_view line);

/// The checksum the line ought to carry: SHA-256 of its bytes without the digits of its own
/// top-level checksum. `entry` must have been parsed from `line`.
[[nodiscard]] std::string expected_checksum(std::string_view line,
                                            const CollectionStoreEntry& entry);

}  // namespace lockstep_demo
