#include "demo_engine.hpp"

#include <algorithm>
#include <utility>

#include "durable_file.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use

/// FNV-1a: enough to tell whether a place in the log holds what was acknowledged for it.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Bytes that stay what they were.
class Image final : public ISnapshot {
 public:
  explicit Image(std::string bytes) : bytes_(SharedBuffer::copy_of(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size()));
    return bytes_.slice(begin, std::min(max_bytes, bytes_.size() - begin));
  }

 private:
  const SharedBuffer bytes_;
};

}  // namespace

Result<RecoveredEngine> DemoEngine::recover() {
  const std::lock_guard lock(mutex_);
  const Result<std::string> bytes = read_file(file_);
  if (!bytes) return bytes.error();
  RecoveredEngine recovered;
  if (bytes->empty()) return recovered;
  ImageReader image(*bytes);
  applied_ = durable_ = Index(image.number());
  for (std::uint64_t left = image.count(); left > 0; --left) {
    std::string key = image.text();
    pairs_[std::move(key)] = image.text();
  }
  state_ = load_state(image);
  if (!image.complete()) return Error(Errc::kCorruption, file_.string() + " is damaged");
  recovered.durable_applied = durable_;
  recovered.pairs.assign(pairs_.begin(), pairs_.end());
  return recovered;
}

Result<Index> DemoEngine::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  const std::lock_guard lock(mutex_);
  std::vector<CommandResult> results;
  results.reserve(batch.size());
  for (const CommittedCommand& command : batch) {
    const std::string_view text = command.payload.view();
    state_.fingerprints[command.id.index] = fingerprint(text);
    CommandResult result;
    if (!text.starts_with(kMarkerPrefix)) {
      const ApplyResult applied = state_.engine.apply(text);
      ++state_.deliveries;
      if (!applied.accepted) {
        ++state_.rejected;
        result = {std::make_error_code(std::errc::invalid_argument), applied.reason};
      }
    }
    results.push_back(std::move(result));
  }
  for (SealedPair& pair : seal(std::move(results))) {
    if (pair.value) {
      pairs_[pair.key] = std::move(*pair.value);
    } else {
      pairs_.erase(pair.key);
    }
  }
  if (!batch.empty()) applied_ = batch.back().id.index;
  return durable_;
}

Result<std::shared_ptr<ISnapshot>> DemoEngine::begin_snapshot(const SnapshotMetadata&) {
  const std::lock_guard lock(mutex_);
  ImageWriter image;
  save_state(image);
  return std::shared_ptr<ISnapshot>(std::make_shared<Image>(image.take()));
}

Result<> DemoEngine::install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) {
  std::string bytes;
  while (bytes.size() < snapshot.size()) {
    const Result<SharedBuffer> piece = snapshot.read(bytes.size(), std::size_t{1} << 20);
    if (!piece) return piece.error();
    bytes += piece->view();
  }
  ImageReader image(bytes);
  State state = load_state(image);
  if (!image.complete()) return Error(Errc::kCorruption, "the snapshot is no image of this engine");
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  pairs_ = {metadata.pairs.begin(), metadata.pairs.end()};
  applied_ = metadata.last.index;
  return write_file();
}

Result<Index> DemoEngine::store() {
  const std::lock_guard lock(mutex_);
  if (const Result<> written = write_file(); !written) return written.error();
  return durable_;
}

Result<> DemoEngine::write_file() {
  ImageWriter image;
  image.number(applied_.value());
  image.number(pairs_.size());
  for (const auto& [key, value] : pairs_) {
    image.text(key);
    image.text(value);
  }
  save_state(image);
  Result<> written = replace_file(file_, image.take());
  if (written) durable_ = applied_;
  return written;
}

void DemoEngine::save_state(ImageWriter& image) const {
  image.number(state_.deliveries);
  image.number(state_.rejected);
  image.number(state_.fingerprints.size());
  for (const auto& [index, fingerprint] : state_.fingerprints) {
    image.number(index.value());
    image.number(fingerprint);
  }
  state_.engine.save(image);
}

DemoEngine::State DemoEngine::load_state(ImageReader& image) {
  State state;
  state.deliveries = image.number();
  state.rejected = image.number();
  for (std::uint64_t left = image.count(); left > 0; --left) {
    const Index index(image.number());
    state.fingerprints[index] = image.number();
  }
  state.engine.load(image);
  return state;
}

EngineReport DemoEngine::report() const {
  const std::lock_guard lock(mutex_);
  return {state_.engine.contents_sha256(), state_.engine.size(), state_.engine.open_transactions(),
          state_.deliveries, state_.rejected};
}

bool DemoEngine::holds(Index index, std::string_view payload) const {
  const std::lock_guard lock(mutex_);
  const auto found = state_.fingerprints.find(index);
  return found != state_.fingerprints.end() && found->second == fingerprint(payload);
}

}  // namespace lockstep_demo
