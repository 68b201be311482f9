#include "consensus/message_text.hpp"
#include "consensus/script.hpp"
#include "consensus/script_words.hpp"

namespace lockstep::consensus::test {

void Script::add_network_commands() {
  commands_["settle"] = [this](const Words&) {
    require(cluster_.settle(), "messages without end");
  };
  // advance 200: milliseconds, with deliveries
  commands_["advance"] = [this](const Words& words) {
    cluster_.advance(std::chrono::milliseconds(number(words.at(1))));
  };
  // tick 200: milliseconds at once, without deliveries; tick 200 2 3: on the clocks of these alone
  commands_["tick"] = [this](const Words& words) {
    const std::chrono::milliseconds step(number(words.at(1)));
    if (words.size() == 2) cluster_.tick_all(step);
    for (std::size_t i = 2; i < words.size(); ++i) cluster_.tick(id(words[i]), step);
  };
  // deliver 1 -> 2 [3]: the oldest messages
  commands_["deliver"] = [this](const Words& words) {
    const std::uint64_t count = words.size() > 4 ? number(words[4]) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      require(!cluster_.network().link(id(words.at(1)), id(words.at(3))).queue.empty(),
              "nothing to deliver");
      cluster_.deliver(id(words[1]), id(words[3]));
    }
  };
  // drop 1 -> 2: what is under way
  commands_["drop"] = [this](const Words& words) {
    cluster_.network().link(id(words.at(1)), id(words.at(3))).queue.clear();
  };
  // cut 1 -> 2, cut 1 <-> 2: messages vanish without a sign
  commands_["cut"] = [this](const Words& words) {
    cluster_.network().link(id(words.at(1)), id(words.at(3))).cut = true;
    if (words[2] == "<->") cluster_.network().link(id(words[3]), id(words[1])).cut = true;
  };
  commands_["isolate"] = [this](const Words& words) {
    for (auto& [ends, link] : cluster_.network().links()) {
      if (ends.first == id(words.at(1)) || ends.second == id(words[1])) link.cut = true;
    }
  };
  commands_["heal"] = [this](const Words&) {
    for (auto& [ends, link] : cluster_.network().links()) link.cut = false;
  };
  // disconnect 1 2: both ends see the connection go
  commands_["disconnect"] = [this](const Words& words) {
    cluster_.disconnect(id(words.at(1)), id(words.at(2)));
  };
  commands_["connect"] = [this](const Words& words) {
    cluster_.connect(id(words.at(1)), id(words.at(2)));
  };
  commands_["count"] = [this](const Words&) {
    cluster_.forget_counts();
    for (auto& [name, counted] : cluster_.nodes()) counted.notices.clear();
  };
  commands_["inject"] = [this](const Words& words) { inject(words); };
}

void Script::add_disk_commands() {
  // hold_syncs 1: its writes become durable only by `sync`
  commands_["hold_syncs"] = [this](const Words& words) { node(words.at(1)).holds_syncs = true; };
  commands_["release_syncs"] = [this](const Words& words) {
    node(words.at(1)).holds_syncs = false;
    while (cluster_.sync_one(id(words[1]))) {
    }
  };
  // sync 1 [2]: its oldest writes
  commands_["sync"] = [this](const Words& words) {
    const std::uint64_t count = words.size() > 2 ? number(words[2]) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      require(cluster_.sync_one(id(words.at(1))), "nothing to sync");
    }
  };
  commands_["hold_reads"] = [this](const Words& words) { node(words.at(1)).holds_reads = true; };
  commands_["release_reads"] = [this](const Words& words) {
    node(words.at(1)).holds_reads = false;
    while (cluster_.read_one(id(words[1]))) {
    }
  };
  commands_["begin_read"] = [this](const Words& words) {
    require(cluster_.begin_read(id(words.at(1))), "nothing to read");
  };
  commands_["read"] = [this](const Words& words) {
    require(cluster_.read_one(id(words.at(1))), "nothing to read");
  };
  commands_["fail_read"] = [this](const Words& words) {
    require(cluster_.fail_read(id(words.at(1))), "nothing to read");
  };
  // hold_installs 1: its engine takes a snapshot only by `install`
  commands_["hold_installs"] = [this](const Words& words) {
    node(words.at(1)).holds_installs = true;
  };
  commands_["install"] = [this](const Words& words) {
    require(cluster_.install_one(id(words.at(1))), "nothing to install");
  };
  // release 1 4: its log up to there, or as far as may be
  commands_["release"] = [this](const Words& words) {
    cluster_.release(id(words.at(1)), Index(number(words.at(2))));
  };
  // rot 1 2..3 [termless]: entries can no longer be read
  commands_["rot"] = [this](const Words& words) {
    const auto ends = split(words.at(2), '.');
    const IndexRange range{Index(number(ends.front())), Index(number(ends.back()))};
    cluster_.rot(id(words.at(1)), range, words.size() > 3);
  };
  commands_["fail_write"] = [this](const Words& words) {
    cluster_.event(id(words.at(1)), [](Core& core) { core.write_failed(Errc::kSyncFailed); });
  };
}

/// `inject 1 -> 2 append term=3 prev=2/1 commit=1 entries=3/1/x,4/1/kind9 [epoch=foreign]
/// [incarnation=other]`: a message that no right peer would send, or not now.
void Script::inject(const Words& words) {
  auto values = fields(words, 5);
  PeerMessage message;
  message.peer = id(words.at(1));
  message.epoch = founding_record(members_).epoch;
  if (values["epoch"] == "foreign") message.epoch = Epoch{};
  message.incarnation = incarnation_of(message.peer, values["incarnation"] == "other" ? 1 : 0);
  const Term term(values.contains("term") ? number(values["term"]) : 0);
  const Index commit(values.contains("commit") ? number(values["commit"]) : 0);
  const std::string& kind = words.at(4);
  if (kind == "append") {
    AppendEntries append{term, entry_id(values.at("prev")), commit, {}, {}};
    for (const std::string& text : split(values["entries"], ',')) {
      const auto parts = split(text, '/');
      const EntryId place = entry_id(parts.at(0) + "/" + parts.at(1));
      if (parts.at(2).starts_with("kind")) {
        const auto raw = static_cast<EntryKind>(number(parts[2].substr(4)));
        append.entries.push_back(make_entry(cluster_.sha(), place, raw, {}));
      } else {
        append.entries.push_back(make_entry(cluster_.sha(), place, parts[2], members_));
      }
      if (values["group"] == "other") append.entries.back().header.group = GroupId{8};
    }
    message.body = std::move(append);
  } else if (kind == "heartbeat") {
    message.body = Heartbeat{term, commit, 0};
  } else if (kind == "vote_request") {
    message.body =
        VoteRequest{term, entry_id(values.at("last")), values["by"] != "time_out", false};
  } else if (kind == "vote") {
    message.body = VoteResponse{term, true, false, false, term};
  } else if (kind == "pre_vote") {
    message.body = VoteResponse{term, true, false, true, Term(number(values.at("round")))};
  } else if (kind == "ack") {
    AppendResponse ack{term, true, Index(number(values.at("match"))), {}, {}};
    if (values.contains("round")) ack.round = number(values["round"]);
    message.body = ack;
  } else if (kind == "transfer_leadership") {
    message.body = TransferLeadership{term};
  } else if (kind == "read_index_request") {
    message.body = ReadIndexRequest{number(values.at("id"))};
  } else if (kind == "reject") {
    message.body = AppendResponse{
        term, false, {}, Index(number(values.at("previous"))), entry_id(values.at("try"))};
  } else if (kind == "install_snapshot") {
    InstallSnapshot piece;
    piece.term = term;
    piece.last = entry_id(values.at("last"));
    piece.size_bytes = 1;
    message.body = piece;
  } else if (kind == "checkpoint") {
    message.body = Checkpoint{Index(number(values.at("index"))), {}};
  } else if (kind == "state") {
    MemberState state;
    state.initialised = values["initialised"] == "yes";
    state.receiver_is_stranger = values["receiver_is_stranger"] == "yes";
    message.body = state;
  } else if (kind == "bootstrap_entry") {
    // A group founded by others: `members=1,2`, of their first data.
    std::vector<NodeId> members;
    for (const std::string& name : split(values.at("members"), ',')) members.push_back(id(name));
    message.body = BootstrapEntry{
        {make_entry(cluster_.sha(), {Index{1}, term}, values.at("content"), members)}};
  } else {
    throw Broken("unknown message: " + kind);
  }
  cluster_.note("injected " + text_of(message.body));
  cluster_.receive(id(words.at(3)), message);
}

}  // namespace lockstep::consensus::test
