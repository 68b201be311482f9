#include "lockstep/error.hpp"

namespace lockstep {
namespace {

const char* text_of(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return "invalid argument";
    case Errc::kNotSupported:
      return "not supported";
    case Errc::kWrongState:
      return "not possible in this state";
    case Errc::kStopped:
      return "stopped";
    case Errc::kTimedOut:
      return "timed out";
    case Errc::kOverloaded:
      return "overloaded: a queue is at its byte budget";
    case Errc::kCancelled:
      return "cancelled";
    case Errc::kTooLarge:
      return "too large";
    case Errc::kNotLeader:
      return "not the leader";
    case Errc::kNotBootstrapped:
      return "the group is not bootstrapped";
    case Errc::kAlreadyBootstrapped:
      return "the group is bootstrapped already";
    case Errc::kLogBehind:
      return "this log is behind a voter's";
    case Errc::kNoMajority:
      return "no majority of the voters answered";
    case Errc::kLeadershipLost:
      return "leadership lost";
    case Errc::kStranger:
      return "this node's data is not what the configuration names";
    case Errc::kNeedsSnapshot:
      return "needs a snapshot";
    case Errc::kUnknownEntryKind:
      return "entry of unknown kind";
    case Errc::kNotAMember:
      return "not a member of the group";
    case Errc::kInvariantBroken:
      return "invariant broken";
    case Errc::kStateMachineFailed:
      return "the state machine failed";
    case Errc::kForeignCluster:
      return "belongs to another cluster";
    case Errc::kSuperseded:
      return "superseded by a later call";
    case Errc::kSessionExpired:
      return "the session is unknown or has ended";
    case Errc::kCommandRejected:
      return "the command was rejected";
    case Errc::kNotConnected:
      return "not connected";
    case Errc::kConnectionLost:
      return "connection lost";
    case Errc::kConnectionRefused:
      return "connection refused";
    case Errc::kHandshakeRefused:
      return "handshake refused";
    case Errc::kHandshakeTimedOut:
      return "handshake timed out";
    case Errc::kKeepAliveTimedOut:
      return "the peer has gone silent";
    case Errc::kDuplicateConnection:
      return "another connection to the same peer was kept";
    case Errc::kAddressInvalid:
      return "invalid address";
    case Errc::kListenFailed:
      return "cannot listen";
    case Errc::kNodeBarred:
      return "the host bars this node";
    case Errc::kBadMagic:
      return "bad magic number";
    case Errc::kBadVersion:
      return "unsupported version";
    case Errc::kBadLength:
      return "inconsistent length";
    case Errc::kBadChecksum:
      return "frame checksum mismatch";
    case Errc::kBadEntryDigest:
      return "entry digest mismatch";
    case Errc::kBadField:
      return "field out of range";
    case Errc::kTruncated:
      return "truncated";
    case Errc::kTrailingBytes:
      return "bytes after the end";
    case Errc::kUnknownType:
      return "unknown message type";
    case Errc::kBadPart:
      return "part does not continue the entry";
    case Errc::kProtocolViolation:
      return "protocol violation";
    case Errc::kIo:
      return "input/output error";
    case Errc::kNoSpace:
      return "no space on the device";
    case Errc::kCorruption:
      return "corruption";
    case Errc::kLocked:
      return "locked by another process";
    case Errc::kForeignData:
      return "the data belongs to another node, group or cluster";
    case Errc::kNewerFormat:
      return "the data has a newer format";
    case Errc::kReleased:
      return "released from the log";
    case Errc::kOutOfRange:
      return "beyond the end of the log";
    case Errc::kSyncFailed:
      return "sync failed; the file cannot be trusted any more";
    case Errc::kStalled:
      return "stalled";
  }
  return "unknown error";
}

bool advises(Errc code, Advice advice) {
  switch (advice) {
    case Advice::kTryAnotherNode:
      return code == Errc::kNotLeader || code == Errc::kStopped || code == Errc::kStranger ||
             code == Errc::kSyncFailed || code == Errc::kNoSpace || code == Errc::kStalled ||
             code == Errc::kStateMachineFailed;
    case Advice::kBackOffAndRetry:
      return code == Errc::kOverloaded || code == Errc::kNotConnected ||
             code == Errc::kNoMajority || code == Errc::kConnectionRefused;
    case Advice::kFixTheCall:
      return code == Errc::kInvalidArgument || code == Errc::kNotSupported ||
             code == Errc::kTooLarge || code == Errc::kAlreadyBootstrapped;
    case Advice::kCorruption:
      return code == Errc::kCorruption || code == Errc::kBadChecksum ||
             code == Errc::kBadEntryDigest;
    case Advice::kOutcomeUnknown:
      return code == Errc::kLeadershipLost || code == Errc::kTimedOut;
  }
  return false;
}

class LockstepCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "lockstep"; }
  std::string message(int value) const override { return text_of(static_cast<Errc>(value)); }
};

class AdviceCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "lockstep advice"; }
  std::string message(int value) const override {
    switch (static_cast<Advice>(value)) {
      case Advice::kTryAnotherNode:
        return "try another node";
      case Advice::kBackOffAndRetry:
        return "back off and retry";
      case Advice::kFixTheCall:
        return "fix the call";
      case Advice::kCorruption:
        return "data is damaged";
      case Advice::kOutcomeUnknown:
        return "the outcome is unknown";
    }
    return "unknown advice";
  }
  bool equivalent(const std::error_code& code, int condition) const noexcept override {
    return code.category() == lockstep_category() &&
           advises(static_cast<Errc>(code.value()), static_cast<Advice>(condition));
  }
};

}  // namespace

// The categories are never destroyed: a thread of the library may be on its last task while main
// has returned already.

const std::error_category& lockstep_category() noexcept {
  static const auto* const kCategory = new LockstepCategory;
  return *kCategory;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), lockstep_category()};
}

const std::error_category& advice_category() noexcept {
  static const auto* const kCategory = new AdviceCategory;
  return *kCategory;
}

std::error_condition make_error_condition(Advice advice) noexcept {
  return {static_cast<int>(advice), advice_category()};
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::system_error(error.code, error.message);
}

Result<> to_result(const std::vector<OptionProblem>& problems) {
  if (problems.empty()) return {};
  std::string text;
  for (const OptionProblem& problem : problems) {
    if (!text.empty()) text += "; ";
    text.append(problem.field).append(": ").append(problem.problem);
  }
  return Error(Errc::kInvalidArgument, std::move(text));
}

}  // namespace lockstep
