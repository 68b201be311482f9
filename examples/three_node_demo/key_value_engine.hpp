#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image_codec.hpp"

namespace lockstep_demo {

/// What became of one command. A rejected one is a result like any other: every node rejects it
/// alike.
struct ApplyResult {
  bool accepted = true;
  std::string reason;       ///< of a rejection; empty otherwise
  std::size_t changes = 0;  ///< that this command made real
};

/// A small key-value engine: collections of keys with values, fed with the WAL entries of a
/// Collection Store. It does the same with the same entries everywhere, at any time: no clock, no
/// randomness, no order of a hash table.
///
/// Transactions mean what they mean to the original's recovery: entries belong together by their
/// transactionId alone, COMMIT makes the changes so far real, in their order, and ROLLBACK drops
/// them; any number may be open at a time. A change without a BEGIN before it, as in a log whose
/// beginning was truncated, waits for its COMMIT all the same, since a ROLLBACK may follow. COMMIT
/// or ROLLBACK of nothing is normal: the original's storage adapters log their own beside the
/// transaction's. PREPARE, STORE, INDEX_CHANGE and checkpoints leave the contents as they are.
///
/// Changes are redone, not judged: INSERT and UPDATE set the key, DELETE removes it, whether it was
/// there or not, because the original has done it already.
///
/// Not thread-safe.
class KeyValueEngine {
 public:
  /// Applies one entry, given as its line. Rejected are texts that are no entry, changes that do
  /// not name what to change, and BEGIN of a transaction that has begun; all leave the engine as it
  /// was. The entry's own checksum is not looked at: the input's reader has verified it, and
  /// Lockstep vouches for the payload since.
  ApplyResult apply(std::string_view payload);

  /// The committed value, as JSON text. `key` is JSON text too, in canonical form: 1 or "1".
  [[nodiscard]] std::optional<std::string_view> find(std::string_view collection,
                                                     std::string_view key) const;

  /// Committed keys, in all collections together.
  [[nodiscard]] std::size_t size() const;

  /// Names of the collections that hold a key, in order.
  [[nodiscard]] std::vector<std::string> collections() const;

  /// Transactions with an entry but no end yet. Their changes are not part of the contents.
  [[nodiscard]] std::size_t open_transactions() const { return transactions_.size(); }

  /// SHA-256, in hex, of the committed contents and nothing else: not of open transactions, not of
  /// the way that led here. Every text goes in with its length before it, so that different
  /// contents cannot give the same bytes. Values count by their text: 1 and 1.0 differ.
  [[nodiscard]] std::string contents_sha256() const;

  /// Contents and open transactions.
  void save(ImageWriter& image) const;
  /// Takes the place of everything.
  void load(ImageReader& image);

 private:
  struct Change {
    std::string collection;
    std::string key;
    std::optional<std::string> value;  // nothing: the key is removed
  };

  struct Transaction {
    bool begun = false;
    std::vector<Change> changes;
  };

  using Collection = std::map<std::string, std::string, std::less<>>;

  ApplyResult begin(const std::string& transaction_id);
  ApplyResult commit(const std::string& transaction_id);
  void make_real(Change change);

  // A collection without keys is removed: contents are equal when what can be read is.
  std::map<std::string, Collection, std::less<>> contents_;
  std::map<std::string, Transaction> transactions_;
};

}  // namespace lockstep_demo
