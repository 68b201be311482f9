#include "collection_store_entry.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "json_text.hpp"
#include "sha256.hpp"

namespace lockstep_demo {
namespace {

constexpr std::array<std::pair<std::string_view, EntryType>, 5> kTypes{{
    {"BEGIN", EntryType::kBegin},
    {"PREPARE", EntryType::kPrepare},
    {"COMMIT", EntryType::kCommit},
    {"ROLLBACK", EntryType::kRollback},
    {"DATA", EntryType::kData},
}};

constexpr std::array<std::pair<std::string_view, Operation>, 7> kOperations{{
    {"INSERT", Operation::kInsert},
    {"UPDATE", Operation::kUpdate},
    {"DELETE", Operation::kDelete},
    {"INDEX_CHANGE", Operation::kIndexChange},
    {"STORE", Operation::kStore},
    {"BEGIN", Operation::kBegin},
    {"COMMIT", Operation::kCommit},
}};

/// The largest whole number that the original's doubles count up to without gaps.
constexpr std::uint64_t kMaxSequenceNumber = 9'007'199'254'740'991;
constexpr std::size_t kChecksumDigits = 64;

bool is_string(std::string_view value) { return value.front() == '"'; }
bool is_number(std::string_view value) {
  return value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
}

/// A value for an error message: one line, no control characters, not too long.
std::string excerpt(std::string_view value) {
  constexpr std::size_t kMaxBytes = 48;
  std::string text = canonical_text(value);
  if (text.size() <= kMaxBytes) return text;
  std::size_t end = kMaxBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

template <class Enum, std::size_t N>
std::optional<Enum> find_word(const std::array<std::pair<std::string_view, Enum>, N>& words,
                              std::string_view word) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == word; });
  if (found == words.end()) return std::nullopt;
  return found->second;
}

template <class Enum, std::size_t N>
std::string list_of(const std::array<std::pair<std::string_view, Enum>, N>& words) {
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "" : ", ") + std::string(word.first);
  return list;
}

/// Takes the members one by one; the first problem stays.
class EntryParser {
 public:
  std::variant<CollectionStoreEntry, EntryProblem> parse(std::string_view line) {
    if (const auto found = find_json_problem(line)) {
      return EntryProblem{"not a JSON object on one line: " + found->what + " (byte " +
                          std::to_string(found->offset + 1) + " of the line)"};
    }
    if (line[line.find_first_not_of(" \t\r\n")] != '{') {
      return EntryProblem{"found " + excerpt(line) + "; an entry is a JSON object: {...}"};
    }
    for (const JsonMember& member : members_of(line)) take(member);
    check_presence();
    if (!problem_.empty()) return EntryProblem{std::move(problem_)};
    return std::move(entry_);
  }

 private:
  void fail(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }

  void wrong(const JsonMember& member, const std::string& right) {
    fail(member.name + " is " + excerpt(member.value) + "; it must be " + right);
  }

  void take(const JsonMember& member) {
    if (member.name == "transactionId") return transaction_id(member);
    if (member.name == "sequenceNumber") return sequence_number(member);
    if (member.name == "timestamp") return timestamp(member);
    if (member.name == "type") return type(member);
    if (member.name == "operation") return operation(member);
    if (member.name == "collectionName") return collection_name(member);
    if (member.name == "data") return data(member);
    if (member.name == "checksum") return checksum(member);
  }

  void transaction_id(const JsonMember& member) {
    has_transaction_id_ = true;
    if (is_string(member.value)) entry_.transaction_id = decode_string(member.value);
    if (entry_.transaction_id.empty()) wrong(member, "a string that is not empty");
  }

  void sequence_number(const JsonMember& member) {
    has_sequence_number_ = true;
    const char* end = member.value.data() + member.value.size();
    const auto [last, error] = std::from_chars(member.value.data(), end, entry_.sequence_number);
    if (error != std::errc{} || last != end || entry_.sequence_number > kMaxSequenceNumber) {
      wrong(member, "a whole number from 0 to " + std::to_string(kMaxSequenceNumber));
    }
  }

  void timestamp(const JsonMember& member) {
    has_timestamp_ = true;
    if (!is_number(member.value) || canonical_text(member.value) == "0") {
      wrong(member, "a number, milliseconds since 1970, and not 0");
    }
  }

  void type(const JsonMember& member) {
    type_ = is_string(member.value) ? find_word(kTypes, decode_string(member.value)) : std::nullopt;
    if (!type_) return wrong(member, "one of " + list_of(kTypes));
    entry_.type = *type_;
  }

  void operation(const JsonMember& member) {
    operation_ = is_string(member.value) ? find_word(kOperations, decode_string(member.value))
                                         : std::nullopt;
    if (!operation_) return wrong(member, "one of " + list_of(kOperations));
    entry_.operation = *operation_;
  }

  void collection_name(const JsonMember& member) {
    if (!is_string(member.value)) return wrong(member, "a string");
    entry_.collection_name = decode_string(member.value);
  }

  void data(const JsonMember& member) {
    has_data_ = true;
    if (member.value.front() != '{') return wrong(member, "an object: {\"key\":...}");
    for (const JsonMember& part : members_of(member.value)) {
      if (part.name == "key") entry_.key = canonical_text(part.value);
      if (part.name == "newValue") entry_.new_value = part.value;
    }
  }

  void checksum(const JsonMember& member) {
    has_checksum_ = true;
    // The digits themselves, never an escape for one: they are what is taken out of the text.
    entry_.checksum = member.value.substr(1, member.value.size() < 2 ? 0 : member.value.size() - 2);
    const bool digits =
        entry_.checksum.find_first_not_of("0123456789abcdef") == entry_.checksum.npos;
    if (!is_string(member.value) || entry_.checksum.size() != kChecksumDigits || !digits) {
      wrong(member, "a string of 64 lower-case hex digits");
    }
  }

  void check_presence() {
    const auto want = [this](bool has, std::string_view name, std::string_view right) {
      if (!has) fail(std::string(name) + " is missing; it must be " + std::string(right));
    };
    want(has_transaction_id_, "transactionId", "a string that is not empty");
    want(has_timestamp_, "timestamp", "a number, milliseconds since 1970, and not 0");
    want(type_.has_value(), "type", "one of " + list_of(kTypes));
    want(operation_.has_value(), "operation", "one of " + list_of(kOperations));
    want(has_data_, "data", "an object: {\"key\":...}");
    want(has_sequence_number_, "sequenceNumber", "a whole number from 0");
    want(has_checksum_, "checksum", "a string of 64 lower-case hex digits");
    want(!entry_.is_change() || entry_.key, "data.key", "the key that the operation is about");
  }

  CollectionStoreEntry entry_;
  std::string problem_;
  std::optional<EntryType> type_;
  std::optional<Operation> operation_;
  bool has_transaction_id_ = false;
  bool has_sequence_number_ = false;
  bool has_timestamp_ = false;
  bool has_data_ = false;
  bool has_checksum_ = false;
};

}  // namespace

bool CollectionStoreEntry::is_change() const {
  return type == EntryType::kData &&
         (operation == Operation::kInsert || operation == Operation::kUpdate ||
          operation == Operation::kDelete);
}

std::variant<CollectionStoreEntry, EntryProblem> parse_collection_store_entry(
    std::string_view line) {
  return EntryParser().parse(line);
}

std::string expected_checksum(std::string_view line, const CollectionStoreEntry& entry) {
  const auto digits_at = static_cast<std::size_t>(entry.checksum.data() - line.data());
  Sha256 hash;
  hash.update(line.substr(0, digits_at));
  hash.update(line.substr(digits_at + entry.checksum.size()));
  return hash.finish_hex();
}

}  // namespace lockstep_demo
