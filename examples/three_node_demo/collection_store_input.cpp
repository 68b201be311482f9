#include "collection_store_input.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <istream>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>

#include "collection_store_entry.hpp"

namespace lockstep_demo {
namespace {

/// Cuts a stream into lines. A line that is too long is dropped as it comes, so that a file without
/// line endings costs a bounded amount of memory.
class LineReader {
 public:
  explicit LineReader(std::istream& stream) : stream_(stream), block_(kBlockBytes, '\0') {}

  struct Line {
    std::string text;
    bool too_long = false;
  };

  /// Nothing at the end of the stream, or when it fails.
  std::optional<Line> next() {
    Line line;
    bool begun = false;
    while (begin_ < end_ || fill()) {
      begun = true;
      const std::string_view rest(block_.data() + begin_, end_ - begin_);
      const std::size_t length = std::min(rest.find('\n'), rest.size());
      append(line, rest.substr(0, length));
      begin_ += length;
      if (length < rest.size()) {
        ++begin_;
        break;
      }
    }
    if (!begun) return std::nullopt;
    if (line.text.ends_with('\r')) line.text.pop_back();
    line.too_long = line.too_long || line.text.size() > kMaxLineBytes;
    return line;
  }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10U;

  bool fill() {
    stream_.read(block_.data(), static_cast<std::streamsize>(block_.size()));
    begin_ = 0;
    end_ = static_cast<std::size_t>(stream_.gcount());
    return end_ > 0;
  }

  static void append(Line& line, std::string_view part) {
    // One byte more than allowed: it may be the CR of a CR LF.
    if (line.too_long || line.text.size() + part.size() > kMaxLineBytes + 1) {
      line.too_long = true;
      line.text.clear();
      return;
    }
    line.text += part;
  }

  std::istream& stream_;
  std::string block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class InputChecker {
 public:
  explicit InputChecker(std::string_view name) { error_.file = name; }

  void take(LineReader::Line line) {
    const std::size_t number = ++input_.statistics.lines;
    if (line.too_long) {
      return bad(number, "the line is longer than " + std::to_string(kMaxLineBytes) +
                             " bytes, which is what an entry may have");
    }
    if (line.text.find_first_not_of(" \t\r") == std::string::npos) {
      ++input_.statistics.blank_lines;
      return;
    }
    const auto parsed = parse_collection_store_entry(line.text);
    if (const auto* problem = std::get_if<EntryProblem>(&parsed)) return bad(number, problem->text);
    const auto& entry = std::get<CollectionStoreEntry>(parsed);
    const std::string right = expected_checksum(line.text, entry);
    if (entry.checksum != right) {
      return bad(number, "checksum is " + std::string(entry.checksum) + ", but the line without " +
                             "these 64 digits hashes to " + right +
                             ": it has changed since it was written");
    }
    count(entry.sequence_number, number);
    input_.statistics.bytes += line.text.size();
    if (error_.bad_lines == 0) {
      input_.entries.push_back({std::move(line.text), entry.sequence_number});
    }
  }

  [[nodiscard]] bool full() const { return input_.statistics.bytes > kMaxInputBytes; }

  CollectionStoreInput finish(bool read_failed) {
    if (read_failed) {
      whole_file("reading failed after line " + std::to_string(input_.statistics.lines));
    } else if (full()) {
      whole_file("more than " + std::to_string(kMaxInputBytes) +
                 " bytes of entries; they are all held in memory, so take a smaller file");
    } else if (error_.bad_lines == 0 && input_.entries.empty()) {
      whole_file("no entry in it; expected are WAL entries, one JSON object a line");
    }
    if (!error_.what.empty()) {
      input_.error = std::move(error_);
      input_.entries.clear();
    }
    return std::move(input_);
  }

 private:
  void bad(std::size_t line, std::string what) {
    if (error_.bad_lines++ > 0) return;
    error_.line = line;
    error_.what = std::move(what);
  }

  void whole_file(std::string what) {
    if (error_.what.empty()) error_.what = std::move(what);
  }

  void count(std::uint64_t sequence_number, std::size_t line) {
    const auto [first, is_new] = first_lines_.try_emplace(sequence_number, line);
    if (is_new) return;
    InputStatistics& statistics = input_.statistics;
    ++statistics.repeated_sequence_numbers;
    if (statistics.first_repeats.size() < kMaxRepeatsListed) {
      statistics.first_repeats.push_back({sequence_number, line, first->second});
    }
  }

  CollectionStoreInput input_;
  InputError error_;
  std::unordered_map<std::uint64_t, std::size_t> first_lines_;
};

CollectionStoreInput failed(const std::filesystem::path& file, std::string what) {
  CollectionStoreInput input;
  input.error = InputError{file.string(), 0, std::move(what), 0};
  return input;
}

}  // namespace

std::string InputError::message() const {
  std::string text = file + ":";
  if (line > 0) text += std::to_string(line) + ":";
  text += " " + what;
  if (bad_lines > 1) {
    const std::size_t more = bad_lines - 1;
    text += " (and " + std::to_string(more) + (more == 1 ? " more bad line)" : " more bad lines)");
  }
  return text;
}

CollectionStoreInput load_collection_store_input(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (error) return failed(file, "cannot be opened: " + error.message());
  // A pipe has an end; a device such as /dev/zero has none.
  if (!std::filesystem::is_regular_file(status) && !std::filesystem::is_fifo(status)) {
    return failed(file, "is not a file; expected are WAL entries, one JSON object a line");
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return failed(file, "cannot be opened: " + std::generic_category().message(errno));
  }
  return read_collection_store_input(stream, file.string());
}

CollectionStoreInput read_collection_store_input(std::istream& stream, std::string_view name) {
  LineReader reader(stream);
  InputChecker checker(name);
  while (!checker.full()) {
    auto line = reader.next();
    if (!line) break;
    checker.take(std::move(*line));
  }
  return checker.finish(stream.bad());
}

}  // namespace lockstep_demo
