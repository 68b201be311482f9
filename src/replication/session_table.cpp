#include "replication/session_table.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/byte_codec.hpp"

namespace lockstep::replication {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kPrefix = "lockstep/session/";
constexpr const char* kClock = "lockstep/session_clock";
/// What a kept result costs besides its text.
constexpr std::size_t kResultOverheadBytes = 64;

/// Beyond any clock that is right, and far from overflow.
constexpr std::int64_t kLatestMs = std::int64_t{1} << 52;

/// Categories whose codes mean the same in every process.
enum class Category : std::uint8_t { kLockstep = 0, kGeneric = 1, kSystem = 2 };

std::size_t cost_of(const CommandResult& result) {
  return kResultOverheadBytes + result.value.size();
}

std::optional<Category> category_of(const std::error_code& code) {
  if (code.category() == lockstep_category()) return Category::kLockstep;
  if (code.category() == std::generic_category()) return Category::kGeneric;
  if (code.category() == std::system_category()) return Category::kSystem;
  return std::nullopt;
}

const std::error_category& category(Category which) {
  switch (which) {
    case Category::kLockstep:
      return lockstep_category();
    case Category::kGeneric:
      return std::generic_category();
    case Category::kSystem:
      break;
  }
  return std::system_category();
}

std::string to_text(ByteWriter writer) {
  const std::vector<std::uint8_t> bytes = writer.take();
  return {bytes.begin(), bytes.end()};
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string SessionTable::encode(const Session& session) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.u64(static_cast<std::uint64_t>(session.timeout_ms));
  writer.u64(static_cast<std::uint64_t>(session.last_active_ms));
  writer.u64(session.lowest_outstanding);
  writer.u32(static_cast<std::uint32_t>(session.results.size()));
  for (const auto& [sequence, result] : session.results) {
    writer.u64(sequence);
    writer.u8(static_cast<std::uint8_t>(*category_of(result.status)));
    writer.u32(static_cast<std::uint32_t>(result.status.value()));
    writer.sized(as_bytes(result.value));
  }
  return to_text(std::move(writer));
}

std::optional<SessionTable::Session> SessionTable::decode(const std::string& text) {
  constexpr std::size_t kMinResultBytes = 8 + 1 + 4 + 4;
  ByteReader reader(as_bytes(text));
  if (reader.u8() != kFormat) return std::nullopt;
  Session session;
  session.timeout_ms = static_cast<std::int64_t>(reader.u64());
  session.last_active_ms = static_cast<std::int64_t>(reader.u64());
  session.lowest_outstanding = reader.u64();
  for (std::size_t left = reader.count(kMinResultBytes); left > 0; --left) {
    const std::uint64_t sequence = reader.u64();
    const auto which = static_cast<Category>(reader.u8());
    const int value = static_cast<int>(reader.u32());
    const ByteSpan bytes = reader.sized();
    session.results[sequence] = {{value, category(which)}, {bytes.begin(), bytes.end()}};
  }
  return reader.complete() ? std::optional(std::move(session)) : std::nullopt;
}

void SessionTable::restore(const std::map<std::string, std::string>& pairs) {
  sessions_.clear();
  changed_.clear();
  clock_ms_ = 0;
  result_bytes_ = 0;
  awaited_ = 0;
  if (const auto clock = pairs.find(kClock); clock != pairs.end()) {
    clock_ms_ = static_cast<std::int64_t>(number_in(clock->second).value_or(0));
  }
  for (auto pair = pairs.lower_bound(std::string(kPrefix));
       pair != pairs.end() && pair->first.starts_with(kPrefix); ++pair) {
    const auto id = number_in(std::string_view(pair->first).substr(kPrefix.size()));
    auto session = decode(pair->second);
    if (!id || !session) continue;
    for (const auto& [sequence, result] : session->results) result_bytes_ += cost_of(result);
    sessions_.emplace(SessionId(*id), std::move(*session));
  }
}

void SessionTable::open(Index index, const OpenSession& entry) {
  advance_clock(entry.time_ms);
  for (auto session = sessions_.begin(); session != sessions_.end();) {
    const auto next = std::next(session);
    if (is_expired(session->second)) end(session);
    session = next;
  }
  if (sessions_.size() >= limits_.max_sessions) end_most_silent();
  const SessionId id(index.value());
  sessions_[id] = {std::clamp<std::int64_t>(entry.timeout_ms, 0, kLatestMs), clock_ms_, 1, {}, {}};
  changed_.insert(id);
}

bool SessionTable::may_overflow(std::size_t results) const {
  const std::size_t most = kResultOverheadBytes + limits_.max_result_bytes;
  return result_bytes_ + results * most > limits_.max_total_bytes;
}

/// A session that expires makes room, which decides whether a result pushes another one out.
bool SessionTable::must_wait_to_open() const { return awaited_ > 0 && may_overflow(awaited_); }

bool SessionTable::must_wait(const SessionCommand& entry) const {
  if (awaited_ == 0) return false;
  if (may_overflow(awaited_ + 1)) return true;
  const auto session = sessions_.find(entry.write.session);
  return session != sessions_.end() && session->second.awaited.contains(entry.write.sequence);
}

SessionTable::Verdict SessionTable::admit(const SessionCommand& entry) {
  advance_clock(entry.time_ms);
  const SessionWrite& write = entry.write;
  const auto found = sessions_.find(write.session);
  if (found == sessions_.end() || is_expired(found->second)) {
    if (found != sessions_.end()) end(found);
    return Refused{Error(Errc::kSessionExpired, "session " + to_string(write.session) +
                                                    " is unknown or has ended; open another")};
  }
  Session& session = found->second;
  session.last_active_ms = clock_ms_;
  forget_below(session, write.lowest_outstanding);
  changed_.insert(write.session);
  if (write.sequence < session.lowest_outstanding) {
    return Refused{Error(Errc::kSuperseded, "the client has said that it has the result of " +
                                                std::to_string(write.sequence) + " already")};
  }
  if (const auto known = session.results.find(write.sequence); known != session.results.end()) {
    return Known{known->second};
  }
  if (write.sequence - session.lowest_outstanding >= limits_.window) {
    return Refused{Error(Errc::kOverloaded, std::to_string(limits_.window) +
                                                " commands of a session may be outstanding, from " +
                                                std::to_string(session.lowest_outstanding) +
                                                " on")};
  }
  session.awaited.insert(write.sequence);
  ++awaited_;
  return Apply{};
}

void SessionTable::record(SessionId id, std::uint64_t sequence, const CommandResult& result) {
  --awaited_;
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.awaited.erase(sequence);
  if (sequence < session.lowest_outstanding) return;
  CommandResult kept = result;
  if (!category_of(kept.status)) kept.status = make_error_code(Errc::kCommandRejected);
  if (kept.value.size() > limits_.max_result_bytes) {
    kept = {make_error_code(Errc::kTooLarge), "applied; its result was too large to be kept"};
  }
  result_bytes_ += cost_of(kept);
  session.results[sequence] = std::move(kept);
  changed_.insert(id);
  while (result_bytes_ > limits_.max_total_bytes) end_most_silent();
}

std::vector<SealedPair> SessionTable::take_changes() {
  std::vector<SealedPair> pairs;
  if (std::exchange(clock_changed_, false)) pairs.push_back({kClock, std::to_string(clock_ms_)});
  for (const SessionId id : std::exchange(changed_, {})) {
    const auto session = sessions_.find(id);
    pairs.push_back(
        {std::string(kPrefix) + to_string(id),
         session == sessions_.end() ? std::nullopt : std::optional(encode(session->second))});
  }
  return pairs;
}

/// The time of the log never goes back, and no leader's clock can end all sessions at once.
void SessionTable::advance_clock(std::int64_t time_ms) {
  time_ms = std::clamp<std::int64_t>(time_ms, 0, kLatestMs);
  const std::int64_t most =
      clock_ms_ == 0 ? time_ms : std::min(time_ms, clock_ms_ + limits_.max_clock_step_ms);
  if (most <= clock_ms_) return;
  clock_ms_ = most;
  clock_changed_ = true;
}

bool SessionTable::is_expired(const Session& session) const {
  return clock_ms_ - session.last_active_ms > session.timeout_ms;
}

void SessionTable::forget_below(Session& session, std::uint64_t lowest_outstanding) {
  session.lowest_outstanding = std::max(session.lowest_outstanding, lowest_outstanding);
  while (!session.results.empty() && session.results.begin()->first < session.lowest_outstanding) {
    result_bytes_ -= cost_of(session.results.begin()->second);
    session.results.erase(session.results.begin());
  }
}

void SessionTable::end(Sessions::iterator session) {
  for (const auto& [sequence, result] : session->second.results) result_bytes_ -= cost_of(result);
  changed_.insert(session->first);
  sessions_.erase(session);
}

void SessionTable::end_most_silent() {
  end(std::ranges::min_element(sessions_, {}, [](const auto& session) {
    return std::pair(session.second.last_active_ms, session.first);
  }));
}

}  // namespace lockstep::replication
