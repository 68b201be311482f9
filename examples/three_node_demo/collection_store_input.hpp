#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep_demo {

/// What one entry of the replicated log may hold at most by default; a longer line could not be
/// replicated, so it is refused before anything is.
inline constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20U;
/// All entries are held in memory: they are all checked before the first is written.
inline constexpr std::size_t kMaxInputBytes = std::size_t{1} << 30U;

/// One entry whose checksum is right.
struct InputEntry {
  /// The line without its line ending, byte by byte: the payload to replicate.
  std::string line;
  /// The original's number. It may repeat, and is not an index of our log.
  std::uint64_t sequence_number = 0;
};

/// An entry whose sequence number an earlier one has, too.
struct RepeatedSequenceNumber {
  std::uint64_t sequence_number = 0;
  std::size_t line = 0;
  std::size_t first_line = 0;
};

struct InputStatistics {
  std::size_t lines = 0;
  std::size_t blank_lines = 0;
  std::size_t bytes = 0;  ///< of all entries, without line endings
  std::size_t repeated_sequence_numbers = 0;
  std::vector<RepeatedSequenceNumber> first_repeats;  ///< at most kMaxRepeatsListed
};

inline constexpr std::size_t kMaxRepeatsListed = 10;

struct InputError {
  std::string file;
  std::size_t line = 0;  ///< counted from 1; 0 if the file as a whole is the trouble
  std::string what;
  std::size_t bad_lines = 0;  ///< this one included

  /// "FILE:LINE: what", and how many more lines are bad.
  [[nodiscard]] std::string message() const;
};

struct CollectionStoreInput {
  /// All entries in the order of the file, repeats included; none if there was an error.
  std::vector<InputEntry> entries;
  InputStatistics statistics;
  std::optional<InputError> error;
};

/// Reads a WAL of Collection Store, one entry a line, and checks every line: JSON and UTF-8, the
/// fields a follower insists on, the entry's own checksum. Lines end in LF, or in CR LF: no JSON
/// text of the original ends in CR, so one there is taken for an editor's. The last line needs no
/// ending. Lines with white space only are skipped, as the original does, and counted. A file
/// without any entry is an error.
[[nodiscard]] CollectionStoreInput load_collection_store_input(const std::filesystem::path& file);

/// The same from a stream; `name` stands for the file in messages.
[[nodiscard]] CollectionStoreInput read_collection_store_input(std::istream& stream,
                                                               std::string_view name);

}  // namespace lockstep_demo
