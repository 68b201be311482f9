#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "lockstep/export.hpp"

namespace lockstep {

/// What went wrong. Numbers are append-only: they may be logged and stored.
enum class Errc : int {
  // the call
  kInvalidArgument = 1,  ///< an argument or option is out of its range; the message names it
  kNotSupported = 2,     ///< has its place in the interface, is not there yet
  kWrongState = 3,       ///< not now: not started, already started, already bootstrapped elsewhere
  kStopped = 4,          ///< the object is stopping or stopped
  kTimedOut = 5,
  kOverloaded = 6,  ///< a queue is at its budget; try later
  kCancelled = 7,
  kTooLarge = 8,
  // replication
  kNotLeader = 20,
  kNotBootstrapped = 21,
  kAlreadyBootstrapped = 22,
  kLogBehind = 23,   ///< a voter holds a log that is more up to date (Raft §5.4.1)
  kNoMajority = 24,  ///< a majority of the voters did not answer in time
  kLeadershipLost = 25,
  kStranger = 26,  ///< this node's data is not the data that the configuration names
  kNeedsSnapshot = 27,
  kUnknownEntryKind = 28,
  kNotAMember = 29,
  kInvariantBroken = 30,
  kStateMachineFailed = 31,
  kForeignCluster = 32,
  kSuperseded = 33,  ///< another call of the same kind took this one's place
  kSessionExpired = 34,
  /// A session's command was applied and rejected, for a reason that did not survive: an error
  /// category of the engine's own.
  kCommandRejected = 35,
  // network
  kNotConnected = 50,
  kConnectionLost = 51,
  kConnectionRefused = 52,
  kHandshakeRefused = 53,
  kHandshakeTimedOut = 54,
  kKeepAliveTimedOut = 55,
  kDuplicateConnection = 56,  ///< another connection to the same peer was kept
  kAddressInvalid = 57,
  kListenFailed = 58,
  kNodeBarred = 59,  ///< the other node's host does not let this node in
  // what a peer sent
  kBadMagic = 80,
  kBadVersion = 81,
  kBadLength = 82,
  kBadChecksum = 83,
  kBadEntryDigest = 84,
  kBadField = 85,
  kTruncated = 86,
  kTrailingBytes = 87,
  kUnknownType = 88,
  kBadPart = 89,
  kProtocolViolation = 90,
  // the log
  kIo = 110,
  kNoSpace = 111,
  kCorruption = 112,
  kLocked = 113,  ///< another process holds the folder
  kForeignData = 114,
  kNewerFormat = 115,
  kReleased = 116,  ///< the index lies in the released prefix
  kOutOfRange = 117,
  kSyncFailed = 118,  ///< final for that file (never retried, rule 6)
  kStalled = 119,
};

[[nodiscard]] LOCKSTEP_EXPORT const std::error_category& lockstep_category() noexcept;
[[nodiscard]] LOCKSTEP_EXPORT std::error_code make_error_code(Errc code) noexcept;

/// What the caller can do about it; compare an `std::error_code` with `==`.
enum class Advice : int {
  kTryAnotherNode = 1,
  kBackOffAndRetry = 2,
  kFixTheCall = 3,
  kCorruption = 4,
  kOutcomeUnknown = 5,
};

[[nodiscard]] LOCKSTEP_EXPORT const std::error_category& advice_category() noexcept;
[[nodiscard]] LOCKSTEP_EXPORT std::error_condition make_error_condition(Advice advice) noexcept;

/// A code for the program and a sentence for the person: what was wrong and what would be right.
struct Error {
  std::error_code code;
  std::string message;

  Error() = default;
  Error(std::error_code c) : code(c), message(c.message()) {}  // NOLINT: converts on purpose
  Error(Errc c) : Error(make_error_code(c)) {}                 // NOLINT: converts on purpose
  Error(Errc c, std::string text) : code(make_error_code(c)), message(std::move(text)) {}
  Error(std::error_code c, std::string text) : code(c), message(std::move(text)) {}

  /// True when there is an error.
  explicit operator bool() const { return static_cast<bool>(code); }
  friend bool operator==(const Error& error, Errc wanted) {
    return error.code == make_error_code(wanted);
  }
  friend bool operator==(const Error& error, Advice wanted) {
    return error.code == make_error_condition(wanted);
  }
};

/// Called by `Result::value()` when there is none; the library itself never calls it.
[[noreturn]] LOCKSTEP_EXPORT void throw_exception_from_error(const Error& error,
                                                             const boost::source_location& where);

/// A value or an `Error` (Boost.System's result). Test it before use; nothing is thrown across the
/// API.
template <class T = void>
using Result = boost::system::result<T, Error>;

/// One thing wrong with an options struct.
struct OptionProblem {
  std::string field;    ///< as written in the struct, e.g. `heartbeat_interval`
  std::string problem;  ///< what is wrong and what would be right
};

/// All problems as one `kInvalidArgument` error; no problems, no error.
[[nodiscard]] LOCKSTEP_EXPORT Result<> to_result(const std::vector<OptionProblem>& problems);

}  // namespace lockstep

template <>
struct std::is_error_code_enum<lockstep::Errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<lockstep::Advice> : std::true_type {};
