#pragma once

#include <memory>
#include <vector>

#include "wal/batch_builder.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// The segment that is appended to. No offset of it is ever written twice, except for the zeros
/// that lie there before.
class SegmentWriter {
 public:
  struct Options {
    std::size_t segment_bytes = 0;
    std::size_t zero_fill_bytes = 0;
    bool sync = true;
  };

  /// `folder` must outlive the writer.
  SegmentWriter(WALFolder& folder, const Options& options) : folder_(folder), options_(options) {}

  /// Makes a segment of what has been built for it, with zeros behind if `fill`, and goes on in
  /// that; until its name is durable
  /// it is not there. The old one is synced and stays as it is. After kNoSpace the old one is still
  /// in use; all other errors are final.
  [[nodiscard]] Result<> begin(std::uint64_t number, std::uint64_t nonce,
                               const BatchBuilder& content, bool fill);
  /// Appends what has been built for `end()`. After kNoSpace the segment takes no more: go on in
  /// another. All other errors are final.
  [[nodiscard]] Result<> append(const BatchBuilder& batches);
  /// Writes zeros ahead, a step at a time: a sync need then not change the file's size, and no
  /// single one carries much. The next sync covers them.
  [[nodiscard]] Result<> fill_ahead();
  /// How many zeros the next step writes.
  [[nodiscard]] std::size_t fill_bytes() const;
  /// Where `append` does not sync.
  [[nodiscard]] Result<> sync();

  void close() { file_.reset(); }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t nonce() const { return nonce_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] std::uint64_t proven_end() const { return proven_end_; }
  /// Nothing but its birth is in it.
  [[nodiscard]] bool fresh() const { return end_ == born_end_; }
  [[nodiscard]] bool spoiled() const { return spoiled_; }

 private:
  /// Returns where the zeros end.
  [[nodiscard]] Result<std::uint64_t> fill_step(IFile& file, std::uint64_t from) const;

  WALFolder& folder_;
  const Options options_;
  std::unique_ptr<IFile> file_;
  std::uint64_t number_ = 0;
  std::uint64_t nonce_ = 0;
  std::uint64_t born_end_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t proven_end_ = 0;
  std::uint64_t filled_end_ = 0;
  std::uint64_t last_append_bytes_ = 0;
  bool spoiled_ = false;
};

}  // namespace lockstep
