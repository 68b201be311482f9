#include "tools/lockstep_wal/peer_dump.hpp"

#include <istream>
#include <optional>

#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "base/hex.hpp"

namespace lockstep::tools {
namespace {

constexpr const char* kFormat = "lockstep-wal";
constexpr std::uint64_t kVersion = 1;

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> bytes_of(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto high = digit(text[2 * i]);
    const auto low = digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return bytes;
}

template <class Id>
std::optional<Id> id_of(const Json& object, const char* field) {
  const auto bytes = bytes_of(object, field);
  typename Id::Bytes id;
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), id.begin());
  return Id(id);
}

std::optional<WALIdentity> parse_head(const Json& line) {
  const auto group = line.find("group");
  const auto node = line.find("node");
  const auto cluster = id_of<ClusterId>(line, "cluster");
  const auto epoch = id_of<Epoch>(line, "epoch");
  const auto incarnation = id_of<Incarnation>(line, "incarnation");
  if (line.value("format", Json()) != kFormat || line.value("version", Json()) != kVersion ||
      group == line.end() || !group->is_number_unsigned() || node == line.end() ||
      !node->is_string() || !cluster || !epoch || !incarnation) {
    return std::nullopt;
  }
  return WALIdentity{*cluster, GroupId(group->get<std::uint64_t>()), *epoch,
                     NodeId(node->get<std::string>()), *incarnation};
}

std::optional<Entry> parse_entry(const Json& line) {
  const auto digest = bytes_of(line, "digest");
  auto encoded = bytes_of(line, "header");
  const auto payload = bytes_of(line, "payload");
  if (!digest || digest->size() != Digest::kBytes || !encoded ||
      encoded->size() != EntryHeader::kEncodedBytes || !payload) {
    return std::nullopt;
  }
  const auto header = decode_entry_header(*encoded);
  if (!header || header->payload_bytes != payload->size()) return std::nullopt;
  encoded->insert(encoded->end(), payload->begin(), payload->end());
  Entry entry;
  entry.header = *header;
  std::copy(digest->begin(), digest->end(), entry.digest.bytes.begin());
  entry.encoded = SharedBuffer::adopt(std::move(*encoded));
  return entry;
}

}  // namespace

Json dump_head(const WALIdentity& identity, IndexRange range) {
  Json line;
  line["format"] = kFormat;
  line["version"] = kVersion;
  line["cluster"] = to_string(identity.cluster);
  line["group"] = identity.group.value();
  line["epoch"] = to_string(identity.epoch);
  line["node"] = identity.node.str();
  line["incarnation"] = to_string(identity.incarnation);
  line["first"] = range.first.value();
  line["last"] = range.last.value();
  return line;
}

Json dump_entry(const Entry& entry) {
  Json line;
  line["index"] = entry.header.index.value();
  line["term"] = entry.header.term.value();
  line["kind"] = text(entry.header.kind);
  line["size"] = entry.header.payload_bytes;
  line["digest"] = to_string(entry.digest);
  line["header"] = hex(entry.encoded.bytes().first(EntryHeader::kEncodedBytes));
  line["payload"] = hex(entry.payload().bytes());
  return line;
}

Result<PeerDump> read_peer_dump(std::istream& lines, const std::string& name) {
  const auto wrong = [&](std::uint64_t line, const char* what) {
    return Error(Errc::kInvalidArgument, name + ", line " + std::to_string(line) + ": " + what);
  };
  PeerDump dump;
  Sha256 sha;
  std::string text;
  std::uint64_t number = 0;
  while (std::getline(lines, text)) {
    ++number;
    if (text.empty()) continue;
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object()) return wrong(number, "is no JSON object");
    if (number == 1) {
      const auto identity = parse_head(line);
      if (!identity) {
        return wrong(1, "must name the log that was dumped, as 'dump --json' writes it");
      }
      dump.identity = *identity;
      continue;
    }
    if (line.contains("damaged")) continue;
    std::optional<Entry> entry = parse_entry(line);
    if (!entry) return wrong(number, "is no entry with header, payload and digest");
    if (entry->header.group != dump.identity.group) {
      return wrong(number, "holds an entry of another group than the first line names");
    }
    if (!verify_entry(sha, *entry)) {
      return Error(Errc::kBadEntryDigest, name + ", line " + std::to_string(number) +
                                              ": the entry does not match its digest");
    }
    const Index index = entry->header.index;
    if (!dump.entries.emplace(index, std::move(*entry)).second) {
      return wrong(number, "holds an index that came before");
    }
  }
  if (number == 0) return wrong(1, "is not there: the dump is empty");
  return dump;
}

}  // namespace lockstep::tools
