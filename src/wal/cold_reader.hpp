#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/file_system.hpp"
#include "wal/stretch_reader.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// Reads entries back from the segments, on the reading executor: from stretches that were copied
/// from the map, with files of its own, so that the writer never waits for it. All methods are
/// called there.
class ColdReader {
 public:
  /// What stopped a reader before the end of what it was asked for.
  struct Trouble {
    std::vector<DamagedPlace> damage;
    /// The file of this segment is not there.
    std::optional<std::uint64_t> missing;
    /// kIo: a file could not be opened.
    Error error;
  };
  struct ReadResult {
    /// Those before the trouble, if there is any.
    std::vector<Entry> entries;
    Trouble trouble;
    struct Learned {
      std::uint64_t segment = 0;
      Index wanted;
      LogMap::Place place;
    };
    std::vector<Learned> learned;
  };
  struct VerifyResult {
    /// Good up to before this one.
    Index next;
    std::uint64_t bytes = 0;
    Trouble trouble;
  };

  /// `file_system` must outlive the reader.
  ColdReader(IFileSystem& file_system, std::string folder)
      : folder_(file_system, std::move(folder)) {}

  /// At least one entry, and otherwise as many as fit the budget. Precondition: not empty.
  [[nodiscard]] ReadResult read(const std::vector<LogMap::Stretch>& stretches,
                                std::size_t byte_budget);
  /// Checks batches as a whole and their live entries, up to about so many bytes of them.
  [[nodiscard]] VerifyResult verify(const LogMap::Stretch& stretch, std::uint64_t bytes);

  /// The segment has been removed: its room is free once nobody has it open.
  void forget(std::uint64_t segment);
  void close() { streams_.clear(); }

 private:
  /// A segment that somebody reads through. The next read goes on where the last one ended, and so
  /// reads ahead in large pieces.
  struct Stream {
    std::uint64_t segment = 0;
    std::unique_ptr<IFile> file;
    std::optional<FileWindow> window;
    Index next;
    LogMap::Place place;  // of the batch read last that holds no copies
  };

  [[nodiscard]] Stream* open_stream(LogMap::Stretch& stretch, std::size_t byte_budget,
                                    Trouble& trouble);
  /// False: enough.
  [[nodiscard]] bool read_stretch(Stream& stream, const LogMap::Stretch& stretch,
                                  std::size_t& bytes_left, ReadResult& result);
  struct Taken {
    std::size_t count = 0;
    /// The entry behind those that were taken is not what was written.
    bool is_damaged = false;
  };
  /// Appends a batch's live entries from `first` on, as many as fit the budget: the digests of all
  /// are verified together.
  [[nodiscard]] Taken take_entries(FileWindow& window, const StretchReader::Batch& batch,
                                   Index first, std::size_t& bytes_left, std::vector<Entry>& out);
  [[nodiscard]] bool is_good(StretchReader& reader, FileWindow& window,
                             const StretchReader::Batch& batch);
  [[nodiscard]] std::unique_ptr<IFile> open_file(std::uint64_t segment, Trouble& trouble) const;

  const WALFolder folder_;
  Sha256 sha_;
  std::list<Stream> streams_;  // the one used last comes first
};

}  // namespace lockstep
