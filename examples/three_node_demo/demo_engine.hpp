#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "key_value_engine.hpp"
#include "lockstep/state_machine.hpp"

namespace lockstep_demo {

/// Commands of the demo's own, beside the input's entries: they go through log and wire like any
/// other and leave the contents alone.
inline constexpr std::string_view kMarkerPrefix = "demo-marker ";

/// What a node's engine holds, for the comparison at the end.
struct EngineReport {
  std::string contents_sha256;
  std::size_t keys = 0;
  std::size_t open_transactions = 0;
  std::uint64_t deliveries = 0;  ///< entries of the input that were applied
  std::uint64_t rejected = 0;    ///< of these, those the engine answered with a rejection
};

/// The key-value engine as Lockstep sees it. It lives in memory, and in a file as of when it was
/// last stored; what follows is applied anew from the log at each start.
class DemoEngine final : public lockstep::IStateMachine {
 public:
  /// `file` need not be there yet.
  explicit DemoEngine(std::filesystem::path file) : file_(std::move(file)) {}

  lockstep::Result<lockstep::RecoveredEngine> recover() override;
  lockstep::Result<lockstep::Index> apply(std::span<const lockstep::CommittedCommand> batch,
                                          const lockstep::Seal& seal) override;
  lockstep::Result<std::shared_ptr<lockstep::ISnapshot>> begin_snapshot(
      const lockstep::SnapshotMetadata&) override;
  lockstep::Result<> install_snapshot(const lockstep::SnapshotMetadata& metadata,
                                      lockstep::ISnapshot& snapshot) override;

  /// Writes everything to the file, and returns up to which entry that is. Any thread.
  lockstep::Result<lockstep::Index> store();
  /// Any thread.
  [[nodiscard]] EngineReport report() const;
  /// Whether this very payload was applied at this index. Any thread.
  [[nodiscard]] bool holds(lockstep::Index index, std::string_view payload) const;

 private:
  struct State {
    KeyValueEngine engine;
    std::uint64_t deliveries = 0;
    std::uint64_t rejected = 0;
    std::map<lockstep::Index, std::uint64_t> fingerprints;
  };
  using Pairs = std::map<std::string, std::string>;

  void save_state(ImageWriter& image) const;
  static State load_state(ImageReader& image);
  [[nodiscard]] lockstep::Result<> write_file();

  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  State state_;
  /// Lockstep's own, which belong to the state.
  Pairs pairs_;
  lockstep::Index applied_;
  lockstep::Index durable_;
};

}  // namespace lockstep_demo
