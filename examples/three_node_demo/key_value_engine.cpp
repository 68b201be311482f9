#include "key_value_engine.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <variant>

#include "collection_store_entry.hpp"
#include "sha256.hpp"

namespace lockstep_demo {
namespace {

ApplyResult rejected(std::string reason) { return {false, std::move(reason), 0}; }

void hash_number(Sha256& hash, std::uint64_t number) {
  std::array<char, 8> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(number & 0xFFU);
    number >>= 8U;
  }
  hash.update({bytes.data(), bytes.size()});
}

void hash_text(Sha256& hash, std::string_view text) {
  hash_number(hash, text.size());
  hash.update(text);
}

}  // namespace

ApplyResult KeyValueEngine::apply(std::string_view payload) {
  const auto parsed = parse_collection_store_entry(payload);
  if (const auto* problem = std::get_if<EntryProblem>(&parsed)) return rejected(problem->text);
  const auto& entry = std::get<CollectionStoreEntry>(parsed);

  switch (entry.type) {
    case EntryType::kBegin:
      return begin(entry.transaction_id);
    case EntryType::kCommit:
      return commit(entry.transaction_id);
    case EntryType::kRollback:
      transactions_.erase(entry.transaction_id);
      return {};
    case EntryType::kPrepare:
      return {};
    case EntryType::kData:
      break;
  }
  if (!entry.is_change()) return {};

  if (!entry.collection_name) return rejected("a change without collectionName");
  Change change{*entry.collection_name, *entry.key, std::nullopt};
  if (entry.operation != Operation::kDelete) {
    if (!entry.new_value) return rejected("INSERT or UPDATE without data.newValue");
    change.value = std::string(*entry.new_value);
  }
  transactions_[entry.transaction_id].changes.push_back(std::move(change));
  return {};
}

ApplyResult KeyValueEngine::begin(const std::string& transaction_id) {
  Transaction& transaction = transactions_[transaction_id];
  if (transaction.begun) return rejected("BEGIN of a transaction that has begun");
  transaction.begun = true;
  return {};
}

ApplyResult KeyValueEngine::commit(const std::string& transaction_id) {
  auto ended = transactions_.extract(transaction_id);
  if (ended.empty()) return {};
  ApplyResult result;
  for (Change& change : ended.mapped().changes) {
    make_real(std::move(change));
    ++result.changes;
  }
  return result;
}

void KeyValueEngine::make_real(Change change) {
  if (change.value) {
    contents_[std::move(change.collection)].insert_or_assign(std::move(change.key),
                                                             std::move(*change.value));
    return;
  }
  const auto collection = contents_.find(change.collection);
  if (collection == contents_.end()) return;
  collection->second.erase(change.key);
  if (collection->second.empty()) contents_.erase(collection);
}

std::optional<std::string_view> KeyValueEngine::find(std::string_view collection,
                                                     std::string_view key) const {
  const auto keys = contents_.find(collection);
  if (keys == contents_.end()) return std::nullopt;
  const auto found = keys->second.find(key);
  if (found == keys->second.end()) return std::nullopt;
  return found->second;
}

std::size_t KeyValueEngine::size() const {
  std::size_t keys = 0;
  for (const auto& collection : contents_) keys += collection.second.size();
  return keys;
}

std::vector<std::string> KeyValueEngine::collections() const {
  std::vector<std::string> names;
  for (const auto& collection : contents_) names.push_back(collection.first);
  return names;
}

std::string KeyValueEngine::contents_sha256() const {
  Sha256 hash;
  hash_number(hash, contents_.size());
  for (const auto& [name, keys] : contents_) {
    hash_text(hash, name);
    hash_number(hash, keys.size());
    for (const auto& [key, value] : keys) {
      hash_text(hash, key);
      hash_text(hash, value);
    }
  }
  return hash.finish_hex();
}

void KeyValueEngine::save(ImageWriter& image) const {
  image.number(contents_.size());
  for (const auto& [name, keys] : contents_) {
    image.text(name);
    image.number(keys.size());
    for (const auto& [key, value] : keys) {
      image.text(key);
      image.text(value);
    }
  }
  image.number(transactions_.size());
  for (const auto& [id, transaction] : transactions_) {
    image.text(id);
    image.number(transaction.begun ? 1 : 0);
    image.number(transaction.changes.size());
    for (const Change& change : transaction.changes) {
      image.text(change.collection);
      image.text(change.key);
      image.number(change.value ? 1 : 0);
      image.text(change.value.value_or(""));
    }
  }
}

void KeyValueEngine::load(ImageReader& image) {
  contents_.clear();
  transactions_.clear();
  for (std::uint64_t collections = image.count(); collections > 0; --collections) {
    Collection& keys = contents_[image.text()];
    for (std::uint64_t left = image.count(); left > 0; --left) {
      std::string key = image.text();
      keys[std::move(key)] = image.text();
    }
  }
  for (std::uint64_t open = image.count(); open > 0; --open) {
    Transaction& transaction = transactions_[image.text()];
    transaction.begun = image.number() != 0;
    for (std::uint64_t left = image.count(); left > 0; --left) {
      Change& change = transaction.changes.emplace_back();
      change.collection = image.text();
      change.key = image.text();
      const bool has_value = image.number() != 0;
      std::string value = image.text();
      if (has_value) change.value = std::move(value);
    }
  }
}

}  // namespace lockstep_demo
