#include "simulation/engine/kv_engine.hpp"

#include <algorithm>
#include <charconv>

#include "simulation/engine/command.hpp"

namespace lockstep::sim {
namespace {

/// Lockstep's own pair that tells up to where its batch went.
constexpr const char* kAppliedKey = "lockstep/applied";

std::uint64_t mix(std::uint64_t digest, std::string_view text) {
  for (const char c : text) digest = (digest ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return digest ^ (digest >> 29);
}

Index index_in(const std::map<std::string, std::string>& pairs) {
  const auto found = pairs.find(kAppliedKey);
  std::uint64_t index = 0;
  if (found == pairs.end()) return Index{};
  (void)std::from_chars(found->second.data(), found->second.data() + found->second.size(), index);
  return Index(index);
}

void append_number(std::string& text, std::uint64_t number) {
  text += std::to_string(number) + "\n";
}
void append_text(std::string& text, const std::string& value) {
  append_number(text, value.size());
  text += value;
}

std::string image_of(const KvState& state) {
  std::string image;
  append_number(image, state.commands);
  append_number(image, state.last_index);
  append_number(image, state.digest);
  append_number(image, state.registers.size());
  for (const auto& [key, value] : state.registers) {
    append_text(image, key);
    append_text(image, value);
  }
  return image;
}

class ImageReader {
 public:
  explicit ImageReader(std::string_view image) : left_(image) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::size_t end = left_.find('\n');
    if (end == std::string_view::npos) {
      ok_ = false;
      return 0;
    }
    ok_ &= std::from_chars(left_.data(), left_.data() + end, value).ec == std::errc{};
    left_.remove_prefix(end + 1);
    return value;
  }
  std::string text() {
    const std::uint64_t size = number();
    ok_ &= size <= left_.size();
    if (!ok_) return {};
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    return value;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

std::optional<KvState> state_in(std::string_view image) {
  ImageReader reader(image);
  KvState state;
  state.commands = reader.number();
  state.last_index = reader.number();
  state.digest = reader.number();
  for (std::uint64_t left = reader.number(); left > 0 && reader.ok(); --left) {
    std::string key = reader.text();
    state.registers[std::move(key)] = reader.text();
  }
  if (!reader.at_end()) return std::nullopt;
  return state;
}

class Image final : public ISnapshot {
 public:
  explicit Image(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    const std::size_t from = std::min<std::size_t>(offset, bytes_.size());
    return SharedBuffer::copy_of(
        as_bytes(std::string_view(bytes_).substr(from, std::min(max_bytes, bytes_.size() - from))));
  }

 private:
  const std::string bytes_;
};

}  // namespace

Result<RecoveredEngine> KvEngine::recover() {
  recovered_ = true;
  state_ = disk_->state;
  pairs_ = disk_->pairs;
  RecoveredEngine recovered;
  recovered.durable_applied = disk_->applied;
  recovered.pairs.assign(pairs_.begin(), pairs_.end());
  return recovered;
}

Result<Index> KvEngine::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  std::vector<CommandResult> results;
  for (const CommittedCommand& command : batch) results.push_back(apply_one(command));
  for (SealedPair& pair : seal(std::move(results))) {
    if (pair.value) {
      pairs_[pair.key] = std::move(*pair.value);
    } else {
      pairs_.erase(pair.key);
    }
  }
  if (disk_->numbers.below(disk_->flush_one_in) == 0) flush();
  return disk_->applied;
}

CommandResult KvEngine::apply_one(const CommittedCommand& entry) {
  const auto command = decode(entry.payload.view());
  CommandResult result;
  if (!command) {
    result.status = std::make_error_code(std::errc::invalid_argument);
  } else {
    std::string& value = state_.registers[command->key];
    result.value = value;
    Operation operation;
    operation.action = command->action;
    operation.argument = command->argument;
    operation.expected = command->expected;
    value = after(operation, result.value);
  }
  ++state_.commands;
  state_.last_index = entry.id.index.value();
  state_.digest = mix(state_.digest, std::to_string(entry.id.index.value()));
  state_.digest = mix(state_.digest, entry.payload.view());
  applied_(entry, state_);
  return result;
}

void KvEngine::flush() {
  if (!recovered_) return;
  disk_->state = state_;
  disk_->pairs = pairs_;
  disk_->applied = std::max(disk_->applied, index_in(pairs_));
}

std::string KvEngine::value_of(const std::string& key) const {
  const auto found = state_.registers.find(key);
  return found == state_.registers.end() ? std::string() : found->second;
}

Result<std::shared_ptr<ISnapshot>> KvEngine::begin_snapshot(const SnapshotMetadata&) {
  return std::shared_ptr<ISnapshot>(std::make_shared<Image>(image_of(state_)));
}

Result<> KvEngine::install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) {
  std::string image;
  while (image.size() < snapshot.size()) {
    const auto chunk = snapshot.read(image.size(), 64 << 10);
    if (!chunk) return chunk.error();
    if (chunk->size() == 0) break;
    image += chunk->view();
  }
  auto state = state_in(image);
  if (!state) return Error(Errc::kCorruption, "the snapshot is no image of registers");
  state_ = std::move(*state);
  pairs_ = {metadata.pairs.begin(), metadata.pairs.end()};
  disk_->state = state_;
  disk_->pairs = pairs_;
  disk_->applied = metadata.last.index;
  installed_(metadata, state_);
  return {};
}

}  // namespace lockstep::sim
