#include "transport/upgrade.hpp"

#include <optional>

#include "wire/frame.hpp"
#include "wire/hello.hpp"
#include "wire/plain_text.hpp"

namespace lockstep::transport {
namespace {

constexpr std::string_view kPath = "/replication";
constexpr std::string_view kNodeParameter = "nodeId=";

/// Splits off what comes before the next separator.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return head;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool offers(std::string_view sub_protocols, std::string_view wanted) {
  while (!sub_protocols.empty()) {
    if (trim(take_until(sub_protocols, ',')) == wanted) return true;
  }
  return false;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3986 §2.1; some clients escape the colon of a node id.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return result;
}

std::optional<NodeId> node_of(std::string_view query) {
  std::optional<NodeId> found;
  while (!query.empty()) {
    const std::string_view parameter = take_until(query, '&');
    if (!parameter.starts_with(kNodeParameter)) continue;
    const auto name = percent_decode(parameter.substr(kNodeParameter.size()));
    if (!name || found) return std::nullopt;
    found = NodeId(*name);
  }
  return found && found->is_valid() ? found : std::nullopt;
}

}  // namespace

std::string upgrade_target(const NodeId& local) {
  return std::string(kPath) + "?" + std::string(kNodeParameter) + local.str();
}

Error upgrade_refused(unsigned status, std::string_view body) {
  return {Errc::kHandshakeRefused, "refused with HTTP status " + std::to_string(status) + ": " +
                                       wire::plain_text(body, wire::Farewell::kMaxTextBytes)};
}

UpgradeAnswer judge_upgrade(const UpgradeRequest& request, const NodeId& local) {
  if (!request.is_websocket) return {426, "a WebSocket upgrade is required", {}};
  // Or any web page could speak to the node that its reader's browser can reach.
  if (request.has_origin) return {403, "a request from a web page; only nodes are let in", {}};
  if (trim(request.sub_protocols).empty()) {
    return {400,
            "no sub-protocol offered; " + std::string(wire::kSubProtocol) +
                " is required, Collection Store nodes are not accepted here",
            {}};
  }
  if (!offers(request.sub_protocols, wire::kSubProtocol)) {
    return {400, "unknown sub-protocol; " + std::string(wire::kSubProtocol) + " is required", {}};
  }
  std::string_view query = request.target;
  if (take_until(query, '?') != kPath) {
    return {404, "no such path; it is " + std::string(kPath), {}};
  }
  const auto node = node_of(query);
  if (!node) return {400, "the query must name a valid nodeId, once", {}};
  if (*node == local) return {409, "node id " + local.str() + " is this node's own", *node};
  return {101, {}, *node};
}

}  // namespace lockstep::transport
