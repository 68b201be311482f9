// Writes the inputs from which fuzzing starts, a folder for each target. They are made with the
// encoder, so a change of the format is followed by running this again.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "consensus/configuration_codec.hpp"
#include "replication/message_codec.hpp"
#include "wire/samples.hpp"

using namespace lockstep;  // NOLINT
using wire::append;
using wire::Bytes;
using wire::RawFrame;

namespace {

std::filesystem::path corpus;

void write(const std::string& name, const Bytes& bytes) {
  const auto file = corpus / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) {
    std::fprintf(stderr, "cannot write %s\n", file.c_str());
    std::exit(1);
  }
}

/// The frame as it is, and for the target that puts things right.
void write_frame(const std::string& name, const Bytes& frame) {
  write("frame/" + name, frame);
  Bytes repaired{3};
  append(repaired, frame);
  write("message/" + name, repaired);
}

ReplicationMessage with_data(MessageType type, MessageData data) {
  ReplicationMessage message = wire::make_message();
  message.type = type;
  message.data = std::move(data);
  return message;
}

void write_plain_messages() {
  write_frame("no-data", wire::encode_one(wire::make_message()));
  write_frame("bytes", wire::encode_one(
                           with_data(host_message_type(1), SharedBuffer::copy_of("some bytes"))));
  const auto json = std::make_shared<const nlohmann::json>(nlohmann::json::parse(
      R"({"a":[1,-2.5e3,"\u00e9\n",null,true,{}],"b":18446744073709551615})"));
  write_frame("structured", wire::encode_one(with_data(host_message_type(2), json)));
}

/// As deep as JSON may nest, and one deeper.
void write_nested() {
  for (const std::size_t depth : {wire::kMaxJsonDepth, wire::kMaxJsonDepth + 1}) {
    RawFrame frame;
    frame.kind = 2;
    append(frame.fields, std::string(depth, '[') + std::string(depth, ']'));
    write_frame("nested-" + std::to_string(depth), frame.bytes());
  }
}

RawFrame with_entry() {
  const Entry entry = wire::make_entry(1, "payload");
  RawFrame frame;
  frame.type = 7;
  frame.kind = 4;
  frame.entries = {wire::to_bytes(entry.encoded.bytes())};
  frame.digests = {wire::to_bytes(entry.digest.bytes)};
  return frame;
}

/// Frames with a good checksum that say what no encoder writes; nothing is put right in them.
void write_lies() {
  const auto write_lie = [](const std::string& name, const RawFrame& frame) {
    Bytes as_it_is{0};
    append(as_it_is, frame.bytes());
    write("message/lie-" + name, as_it_is);
  };
  const auto with = [](auto change) {
    RawFrame frame = with_entry();
    change(frame);
    return frame;
  };
  const auto size = static_cast<std::uint32_t>(with_entry().bytes().size());
  write_lie("flags", with([](RawFrame& f) { f.flags = 1; }));
  write_lie("frame-shorter", with([=](RawFrame& f) { f.frame_bytes = size - 1; }));
  write_lie("frame-longer", with([=](RawFrame& f) { f.frame_bytes = size + 1; }));
  write_lie("fields-longer", with([](RawFrame& f) { f.fields_bytes = UINT32_MAX; }));
  write_lie("source-longer", with([](RawFrame& f) { f.source_bytes = 255; }));
  write_lie("more-entries", with([](RawFrame& f) { f.entry_count = UINT32_MAX; }));
  write_lie("payload-longer", with([](RawFrame& f) { f.entries[0][39] = 0xff; }));
  write_lie("first-payload-longer", with([](RawFrame& f) {
              f.entries.push_back(f.entries[0]);
              f.digests.push_back(f.digests[0]);
              f.entries[0][32] = 0xff;
            }));
  write_lie("part-offset", with([](RawFrame& f) { f.part_offset = 4096; }));
  write_lie("group-of-entry", with([](RawFrame& f) { f.group = 8; }));
  write_lie("digest", with([](RawFrame& f) { f.digests[0][0] ^= 1; }));
}

/// A link frame whose body goes on behind its fields.
void write_overlong(const std::string& name, Bytes frame) {
  frame.insert(frame.end() - Digest::kBytes, 0);
  Bytes repaired{3};
  append(repaired, frame);
  write("message/overlong-" + name, repaired);
}

Entry configuration_entry() {
  MessageId::Bytes id;
  id.fill(0xc1);
  BootstrapRecord record;
  record.cluster = ClusterId(id);
  record.epoch = Epoch(id);
  record.configuration.voters = {{NodeId("n1"), Incarnation(id)}, {NodeId("n2"), Incarnation(id)}};
  record.configuration.learners = {{NodeId("n3"), Incarnation(id)}};
  record.configuration.operations = {OperationId(id)};
  return wire::make_entry(1, consensus::encode(record), GroupId(7), EntryKind::kConfiguration);
}

void write_entries() {
  write_frame("entries-0", wire::encode_one(wire::make_batch({})));
  write_frame("entries-1", wire::encode_one(wire::make_batch({wire::make_entry(1, "payload")})));
  write_frame("entries-3", wire::encode_one(wire::make_batch({wire::make_entry(1, ""),
                                                              wire::make_entry(2, "two"),
                                                              wire::make_entry(3, "three")})));
  write_frame("entries-tree",
              wire::encode_one(wire::make_batch({wire::make_entry(1, wire::pattern(4100))})));
  write_frame("part", wire::raw_part(wire::make_entry(1, wire::pattern(9000)), 0, 4096).bytes());
}

void write_consensus() {
  using namespace consensus;  // NOLINT
  Incarnation::Bytes id;
  id.fill(0x1d);
  const EntryId last{Index(9), Term(6)};
  const std::vector<MessageBody> bodies{VoteRequest{Term(7), last, true},
                                        VoteResponse{Term(7), true, false},
                                        AppendEntries{Term(7), last, Index(8), {}, {}},
                                        AppendResponse{Term(7), false, Index(3), Index(9), last},
                                        Heartbeat{Term(7), Index(8)},
                                        SyncRequest{77},
                                        SyncResponse{77, true, Index(8)},
                                        MemberState{true, false, true, false, ClusterId(id)},
                                        BootstrapEntry{}};
  for (const MessageBody& body : bodies) {
    const PeerMessage message{NodeId("n1"), Epoch(id), Incarnation(id), body};
    EntryBatch batch{replication::encode_fields(message), {}};
    if (std::holds_alternative<BootstrapEntry>(body)) batch.entries = {configuration_entry()};
    const MessageType type = replication::type_of(body);
    write_frame("consensus-" + to_string(type), wire::encode_one(with_data(type, batch)));
  }
}

void write_link_frames() {
  wire::FrameEncoder encoder;
  wire::Hello hello;
  hello.node = NodeId("n1");
  hello.authentication_bytes = SharedBuffer::copy_of("proof");
  write_frame("hello", wire::flatten(*encoder.encode(hello)));
  write_overlong("hello", wire::flatten(*encoder.encode(hello)));
  write_frame("ready", wire::flatten(encoder.encode(wire::Ready{})));
  write_overlong("ready", wire::flatten(encoder.encode(wire::Ready{})));
  wire::Refusal refusal;
  refusal.code = Errc::kForeignCluster;
  refusal.text = "cluster \xc3\xa9";
  write_frame("refuse", wire::flatten(encoder.encode(refusal)));
  wire::Goodbye goodbye;
  goodbye.text = "stopped";
  write_frame("goodbye", wire::flatten(encoder.encode(goodbye)));
}

// The events of hello.cpp, with the two bytes of a moment behind most of them.
const Bytes kConfigure{0, 1, 1};
const Bytes kForget{1, 1, 1};
const Bytes kClusterSet{2, 1, 1, 1};
const Bytes kDialled{3, 0, 1, 1, 1};
const Bytes kDialFailed{3, 0, 0, 1, 1};
const Bytes kAccepted{4, 1, 1};
const Bytes kClosed{5, 0, 1, 1};
const Bytes kTime{6, 0, 1, 1};
const Bytes kHello{9, 0, 0, 0, 0, 5, 1, 1, 1};
const Bytes kHelloAnswered{9, 0, 0, 0, 0, 5, 1, 1};
const Bytes kReady{10, 0, 0, 1, 1};
const Bytes kRefuse{11, 0, 0, 32, 3, 'n', 'o', '!', 1, 1};
const Bytes kGoodbye{11, 0, 1, 4, 3, 'b', 'y', 'e', 1, 1};

Bytes events(std::initializer_list<Bytes> list, std::uint8_t who = 0) {
  Bytes result{who};
  for (const Bytes& event : list) append(result, event);
  return result;
}

void write_handshakes() {
  for (const bool larger : {false, true}) {
    const std::uint8_t who = larger ? 1 : 0;
    const std::string name = larger ? "hello/larger-" : "hello/smaller-";
    write(name + "dials", events({kConfigure, kDialled, kHelloAnswered, kTime, kGoodbye}, who));
    write(name + "accepts", events({kAccepted, kHello, kReady, kTime, kForget}, who));
    write(name + "both-dial",
          events({kConfigure, kDialled, kAccepted, {9, 1, 0, 0, 0, 5, 1, 1, 1}, kTime}, who));
    write(name + "is-refused", events({kConfigure, kDialled, kRefuse, kTime, kDialFailed}, who));
    write(name + "gets-ready-twice",
          events({kConfigure, kDialled, kHelloAnswered, kReady, kAccepted, kHello, kReady}, who));
    write(name + "is-superseded",
          events({kAccepted, kHello, kReady, kAccepted, {9, 1, 0, 0, 0, 9, 2, 1, 1}}, who));
    write(name + "meets-a-foreign-cluster",
          events({kClusterSet, kAccepted, {9, 0, 0, 0, 2, 5, 1, 1, 1}, kClosed}, who));
  }
  write("hello/raw-body", events({kAccepted, {8, 0, 1, 4, 1, 0, 1, 0, 1, 1}}));
}

// The steps of reassembly.cpp.
Bytes steps(std::initializer_list<Bytes> list, std::uint8_t tail_bytes = 100) {
  Bytes result{2, tail_bytes};  // behind three leaves
  for (const Bytes& step : list) append(result, step);
  return result;
}

void write_sequences() {
  const Bytes rest{0, 3, 7, 0, 0};
  write("reassembly/leaf-by-leaf",
        steps({{0, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {0, 2, 1, 0, 0}, rest, {0, 0, 3, 0, 0}, rest}));
  write("reassembly/side-by-side", steps({{0, 0, 3, 0, 0},
                                          {3, 0, 3, 0, 0},
                                          {14, 0, 0, 0, 0},
                                          rest,
                                          {15, 0, 0, 0, 0},
                                          {3, 3, 7, 0, 0}}));
  write("reassembly/interrupted", steps({{0, 0, 3, 0, 0}, {6, 0, 0, 0, 0}}));
  write("reassembly/bulk-interrupted", steps({{3, 0, 3, 0, 0}, {7, 0, 0, 0, 0}}));
  for (std::uint8_t change = 3; change < 16; ++change) {
    write("reassembly/change-" + std::to_string(change),
          steps({{0, 0, 3, 0, 0}, {0, 3, 7, change, 33}}));
  }
  write("reassembly/beyond-the-end", steps({{0, 0, 2, 0, 0}, {0, 2, 1, 3, 32}}, 0));
  write("reassembly/gap", steps({{0, 0, 1, 0, 0}, rest}));
  write("reassembly/overlap", steps({{0, 0, 2, 0, 0}, {0, 1, 7, 0, 0}}));
}

void write_upgrade(const std::string& name, char bits, const std::string& lines) {
  Bytes bytes{static_cast<std::uint8_t>(bits)};
  append(bytes, lines);
  write("upgrade/" + name, bytes);
}

void write_upgrades() {
  write_upgrade("good", '1', "/replication?nodeId=n2\nlockstep.v1\n");
  write_upgrade("escaped", '1', "/replication?a=b&nodeId=n%3A2\nchat, lockstep.v1\n");
  write_upgrade("own-id", '1', "/replication?nodeId=n1\nlockstep.v1\n");
  write_upgrade("twice", '1', "/replication?nodeId=x&nodeId=y\nlockstep.v1\n");
  write_upgrade("path", '1', "/other?nodeId=n2\nlockstep.v1\n");
  write_upgrade("sub-protocol", '1', "/replication?nodeId=n2\nchat\n");
  write_upgrade("web-page", '3', "/replication?nodeId=n2\nlockstep.v1\n");
  write_upgrade("plain-http", '0', "/replication?nodeId=n2\nlockstep.v1\n");
  write_upgrade("refusal", '1', "/\n\nno \x1b[31m\xc3\xa9\xff\nline");
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\xe6\x97\xa5";
  write_upgrade("long-refusal", '1', "/\n\n" + wide);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  corpus = argv[1];
  write_plain_messages();
  write_nested();
  write_lies();
  write_entries();
  write_consensus();
  write_link_frames();
  write_handshakes();
  write_sequences();
  write_upgrades();
  return 0;
}
