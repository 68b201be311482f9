#include "generated_input.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sha256.hpp"

namespace lockstep_demo {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014). The distributions of the standard library would give other
/// entries with another standard library.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// From 0 to bound - 1. Biased by less than one in a trillion for the bounds used here.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

constexpr std::size_t kFrameEntries = 2;  // BEGIN, and COMMIT or ROLLBACK
constexpr std::size_t kMaxChanges = 6;
constexpr std::size_t kRollbackOneIn = 16;

std::string in_base_36(std::size_t number) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text;
  do {
    text += kDigits[number % kDigits.size()];
    number /= kDigits.size();
  } while (number > 0);
  std::reverse(text.begin(), text.end());
  return text;
}

/// A record's number decides its collection and whether its key is a number or a string.
std::string_view collection_of(std::size_t record) {
  constexpr std::array<std::string_view, 4> kCollections{"user", "item", "cart", "note"};
  return kCollections[record % kCollections.size()];
}

std::string key_of(std::size_t record) {
  constexpr std::size_t kStringKeyOneIn = 5;
  if (record % kStringKeyOneIn != 0) return std::to_string(record);
  return '"' + in_base_36(record) + '"';
}

class Generator {
 public:
  explicit Generator(const GeneratedInputOptions& options)
      : options_(options), random_(options.seed) {}

  CollectionStoreInput run() {
    input_.entries.reserve(options_.count);
    while (input_.entries.size() < options_.count) transaction();
    input_.statistics.lines = input_.entries.size();
    input_.statistics.bytes = input_.entries.size() * options_.payload_bytes;
    return std::move(input_);
  }

 private:
  void transaction() {
    ++transaction_;
    const std::size_t left = options_.count - input_.entries.size();
    frame("BEGIN", "BEGIN");
    if (left < kFrameEntries) return;

    const bool rolls_back = random_.below(kRollbackOneIn) == 0;
    std::size_t changes = std::min(1 + random_.below(kMaxChanges), left - kFrameEntries);
    // No rest that is too short for a transaction with a change in it.
    const std::size_t rest = left - kFrameEntries - changes;
    if (rest <= kFrameEntries) changes += rest;
    for (std::size_t i = 0; i < changes; ++i) change(rolls_back);
    frame(rolls_back ? "ROLLBACK" : "COMMIT", "COMMIT");
  }

  void change(bool rolls_back) {
    const std::size_t kind = random_.below(6);
    if (kind < 4 || records_.empty()) {
      const std::size_t record = next_record_++;
      if (!rolls_back) records_.push_back(record);
      return data("INSERT", record, R"(,"newValue":{"t":")", R"("}})");
    }
    const std::size_t place = random_.below(records_.size());
    const std::size_t record = records_[place];
    if (kind == 4) return data("UPDATE", record, R"(,"newValue":{"t":")", R"("}})");
    if (!rolls_back) {
      records_[place] = records_.back();
      records_.pop_back();
    }
    data("DELETE", record, R"(,"filler":")", R"("})");
  }

  void frame(std::string_view type, std::string_view operation) {
    entry(type, "*", operation, R"({"key":")" + transaction_id() + R"(","filler":")", R"("})");
  }

  void data(std::string_view operation, std::size_t record, std::string_view before,
            std::string_view after) {
    std::string head = R"({"key":)" + key_of(record);
    head += before;
    entry("DATA", collection_of(record), operation, head, after);
  }

  [[nodiscard]] std::string transaction_id() const {
    return std::string(1, 't').append(std::to_string(transaction_));
  }

  /// Writes one line; filler goes between `data_head` and `data_tail`.
  void entry(std::string_view type, std::string_view collection, std::string_view operation,
             std::string_view data_head, std::string_view data_tail) {
    timestamp_ += random_.below(20);
    const std::uint64_t sequence_number = input_.entries.size() + 1;

    std::string line;
    line.reserve(options_.payload_bytes);
    line.append(R"({"transactionId":")").append(transaction_id());
    line.append(R"(","timestamp":)").append(std::to_string(timestamp_));
    line.append(R"(,"type":")").append(type);
    line.append(R"(","collectionName":")").append(collection);
    line.append(R"(","operation":")").append(operation);
    line.append(R"(","data":)").append(data_head);

    std::string tail(data_tail);
    tail.append(R"(,"sequenceNumber":)").append(std::to_string(sequence_number));
    tail.append(R"(,"checksum":")");
    constexpr std::string_view kEnd = "\"}";
    constexpr std::size_t kChecksumDigits = 64;
    const std::size_t frame_bytes = line.size() + tail.size() + kChecksumDigits + kEnd.size();
    append_filler(line, options_.payload_bytes - frame_bytes);
    line += tail;

    Sha256 hash;
    hash.update(line);
    hash.update(kEnd);
    line.append(hash.finish_hex()).append(kEnd);
    input_.entries.push_back({std::move(line), sequence_number});
  }

  void append_filler(std::string& out, std::size_t bytes) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      constexpr std::size_t kLettersPerDraw = 10;
      if (i % kLettersPerDraw == 0) bits = random_.next();
      out += kLetters[bits % kLetters.size()];
      bits /= kLetters.size();
    }
  }

  GeneratedInputOptions options_;
  SplitMix64 random_;
  CollectionStoreInput input_;
  std::vector<std::size_t> records_;  // that a committed transaction inserted and none deleted
  std::size_t next_record_ = 1;
  std::size_t transaction_ = 0;
  std::uint64_t timestamp_ = 1'700'000'000'000;
};

std::string problem_with(const GeneratedInputOptions& options) {
  const auto out_of_range = [](std::string_view what, std::size_t value, std::size_t min,
                               std::size_t max) {
    return std::string(what) + " " + std::to_string(value) + "; it must be from " +
           std::to_string(min) + " to " + std::to_string(max);
  };
  if (options.payload_bytes < kMinPayloadBytes || options.payload_bytes > kMaxPayloadBytes) {
    return out_of_range("payload bytes", options.payload_bytes, kMinPayloadBytes, kMaxPayloadBytes);
  }
  if (options.count < 1 || options.count > kMaxGeneratedCount) {
    return out_of_range("count", options.count, 1, kMaxGeneratedCount);
  }
  const std::size_t most = kMaxInputBytes / options.payload_bytes;
  if (options.count > most) {
    return out_of_range("count", options.count, 1, most) + " with " +
           std::to_string(options.payload_bytes) +
           " bytes each, because all entries are held in memory";
  }
  return {};
}

}  // namespace

CollectionStoreInput generate_input(const GeneratedInputOptions& options) {
  if (std::string problem = problem_with(options); !problem.empty()) {
    CollectionStoreInput input;
    input.error = InputError{"generated input", 0, std::move(problem), 0};
    return input;
  }
  return Generator(options).run();
}

}  // namespace lockstep_demo
