#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lockstep/entry.hpp"
#include "tools/lockstep_wal/index_set.hpp"
#include "tools/lockstep_wal/log_view.hpp"
#include "tools/lockstep_wal/verify.hpp"

// How things are shown to people and to programs.
namespace lockstep::tools {

/// Fields in the order in which they are put in.
using Json = nlohmann::ordered_json;

/// `17`, or `17..19`.
[[nodiscard]] std::string text(IndexRange range);
/// `17..19, 25`.
[[nodiscard]] std::string text(const IndexSet& set);
[[nodiscard]] Json json(const IndexSet& set);
/// `noop`, `configuration`, `command`, or the number.
[[nodiscard]] std::string text(EntryKind kind);
/// Counts and names a thing: `1 entry`, `2 entries`.
[[nodiscard]] std::string counted(std::uint64_t count, const char* one, const char* many);
/// The beginning of a payload: in quotes when it is text, else in hex.
[[nodiscard]] std::string excerpt(ByteSpan payload);

/// `live: held by process 12`, or nothing.
[[nodiscard]] std::string live_note(const LogView& view);
/// What is damaged, place by place, one a line.
[[nodiscard]] std::string findings_text(const Verification& verification);

/// Control characters and bytes that are no UTF-8 do not pass.
[[nodiscard]] std::string dump_line(const Json& object);

}  // namespace lockstep::tools
