// Input: one byte (bit 0: a WebSocket upgrade, bit 1: from a web page), then, in lines, the target,
// the sub-protocols, and what an acceptor might say when it refuses.
#include "transport/upgrade.hpp"

#include <algorithm>

#include "property.hpp"
#include "wire/allocation_watch.hpp"
#include "wire/hello.hpp"
#include "wire/plain_text.hpp"

using namespace lockstep;  // NOLINT

namespace {

const NodeId kLocal("n1");

std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool is_header_safe(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

void check_let_in(const transport::UpgradeRequest& request, const NodeId& node) {
  fuzz::require(request.is_websocket && !request.has_origin, "only a node's upgrade is let in");
  fuzz::require(request.target.starts_with("/replication?"), "only that path is let in");
  fuzz::require(request.sub_protocols.find("lockstep.v1") != std::string::npos,
                "only that sub-protocol is let in");
  fuzz::require(node.is_valid() && node != kLocal, "only another node with a name is let in");
  transport::UpgradeRequest plainly = request;
  plainly.target = transport::upgrade_target(node);
  const auto again = transport::judge_upgrade(plainly, kLocal);
  fuzz::require(again.status == 101 && again.node == node, "a node's name can be said plainly");
}

void check_judgement(const transport::UpgradeRequest& request) {
  const wire::AllocationWatch watch;
  const auto answer = transport::judge_upgrade(request, kLocal);
  fuzz::require(watch.peak() <= 1024 + 4 * request.target.size(), "memory is bounded by what came");
  if (answer.status == 101) return check_let_in(request, answer.node);
  constexpr unsigned kRefusals[] = {400, 403, 404, 409, 426};
  fuzz::require(std::ranges::count(kRefusals, answer.status) == 1, "a refusal has a known status");
  fuzz::require(!answer.reason.empty() && answer.reason.size() < 256, "a refusal says why");
  fuzz::require(is_header_safe(answer.reason), "a reason repeats nothing of the request");
  fuzz::require(answer.node.is_none() || answer.node.is_valid(), "a name is none or valid");
}

void check_refusal(std::string_view body) {
  const Error error = transport::upgrade_refused(409, body);
  fuzz::require(error == Errc::kHandshakeRefused, "a refusal is that");
  const std::size_t most =
      transport::upgrade_refused(409, "").message.size() + wire::Farewell::kMaxTextBytes;
  fuzz::require(error.message.size() <= most, "and not long");
  fuzz::require(wire::plain_text(error.message, error.message.size()) == error.message,
                "and fit for a log");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  transport::UpgradeRequest request;
  request.is_websocket = (data[0] & 1) != 0;
  request.has_origin = (data[0] & 2) != 0;
  request.target = take_line(text);
  request.sub_protocols = take_line(text);
  check_judgement(request);
  check_refusal(text);
  return 0;
}
