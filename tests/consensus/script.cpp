#include "consensus/script.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "consensus/configuration_text.hpp"
#include "consensus/message_text.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kTraceLines = 60;

/// A line of a script that cannot be run or does not hold.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

void require_equal(const std::string& actual, const std::string& wanted) {
  require(actual == wanted, "is: " + (actual.empty() ? "(nothing)" : actual));
}

std::uint64_t number(const std::string& text) {
  std::size_t read = 0;
  std::uint64_t value = 0;
  try {
    value = std::stoull(text, &read);
  } catch (const std::exception&) {
  }
  require(read > 0 && read == text.size(), "not a number: " + text);
  return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// `index/term`.
EntryId entry_id(const std::string& text) {
  const auto parts = split(text, '/');
  require(parts.size() == 2, "not index/term: " + text);
  return {Index(number(parts[0])), Term(number(parts[1]))};
}

std::string join(const std::vector<std::string>& words, std::size_t from,
                 const std::string& between = " ") {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i == from ? "" : between) + words[i];
  return text;
}

/// `key=value` words from `from` on.
std::map<std::string, std::string> fields(const std::vector<std::string>& words, std::size_t from) {
  std::map<std::string, std::string> found;
  for (std::size_t i = from; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    require(equals != std::string::npos, "not key=value: " + words[i]);
    found[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
  return found;
}

NodeId id(const std::string& name) { return NodeId(name); }

}  // namespace

Script::Script() {
  cluster_.keeps_trace = true;
  add_setup_commands();
  add_node_commands();
  add_network_commands();
  add_disk_commands();
  add_expectations();
  add_expectations_of_messages();
  commands_["expect"] = [this](const Words& words) {
    const Words rest(words.begin() + 1, words.end());
    find(expectations_, rest)(rest);
  };
}

void Script::run(const std::filesystem::path& file) {
  std::ifstream in(file);
  ASSERT_TRUE(in) << "cannot read " << file;
  std::size_t at = 0;
  std::size_t expectations = 0;
  for (std::string line; std::getline(in, line);) {
    ++at;
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("expect ")) ++expectations;
    cluster_.note("> " + line);
    std::string broken;
    try {
      run_line(line);
      broken = cluster_.checkers().violation();
    } catch (const std::exception& exception) {
      broken = exception.what();
    }
    if (broken.empty()) continue;
    std::string trace;
    const auto& lines = cluster_.trace();
    for (std::size_t i = lines.size() > kTraceLines ? lines.size() - kTraceLines : 0;
         i < lines.size(); ++i) {
      trace += lines[i] + "\n";
    }
    FAIL() << file.filename().string() << ":" << at << ": " << line << "\n  " << broken
           << "\nwhat happened before:\n"
           << trace;
  }
  EXPECT_GT(expectations, 0u) << "a script that expects nothing";
}

void Script::run_line(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find(" #")));
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  find(commands_, words)(words);
}

Script::Handler Script::find(const std::map<std::string, Handler>& handlers, const Words& words) {
  require(!words.empty(), "nothing to do");
  const auto found = handlers.find(words.front());
  require(found != handlers.end(), "unknown: " + words.front());
  return found->second;
}

Node& Script::node(const std::string& name) {
  require(cluster_.nodes().contains(id(name)), "no node " + name);
  return cluster_.node(id(name));
}

void Script::start(const NodeId& name) {
  require(!node(name.str()).is_up(), name.str() + " is up");
  cluster_.start(name);
}

Stored Script::stored_of(const NodeId& name) {
  require(!node(name.str()).is_up(), name.str() + " is up");
  return cluster_.disk(name).durable();
}

void Script::update(const NodeId& name, const std::function<void(Stored&)>& change) {
  Stored stored = stored_of(name);
  change(stored);
  cluster_.set_disk(name, std::move(stored));
}

void Script::add_setup_commands() {
  const auto declare = [this](const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) members_.push_back(id(words[i]));
  };
  // nodes 1 2 3: with empty disks, not started
  commands_["nodes"] = [=, this](const Words& words) {
    declare(words);
    for (const NodeId& member : members_) cluster_.add_empty_node(member);
  };
  // spares 4 5: with empty disks, started, no founding members
  commands_["spares"] = [this](const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      cluster_.add_empty_node(id(words[i]));
      start(id(words[i]));
    }
    require(cluster_.settle(), "messages without end");
  };
  // founded 1 2 3: with the bootstrap entry, not started
  commands_["founded"] = [=, this](const Words& words) {
    declare(words);
    cluster_.add_founded(members_);
  };
  // cluster 1 2 3: founded and started
  commands_["cluster"] = [=, this](const Words& words) {
    declare(words);
    cluster_.add_founded(members_);
    for (const NodeId& member : members_) start(member);
    require(cluster_.settle(), "messages without end");
  };
  // log 1 1/config 1/noop 2/a: what its disk holds; the term follows
  commands_["log"] = [this](const Words& words) {
    update(id(words.at(1)), [&](Stored& stored) {
      stored.entries = entries_from(join(words, 2));
      stored.hard_state.current_term =
          std::max(stored.hard_state.current_term, stored.entries.back().header.term);
    });
  };
  // hard_state 1 term=5 vote=2
  commands_["hard_state"] = [this](const Words& words) {
    auto values = fields(words, 2);
    update(id(words.at(1)), [&](Stored& stored) {
      stored.hard_state = {Term(number(values.at("term"))), id(values["vote"])};
    });
  };
  // elected: leaders are elected by time-out
  commands_["elected"] = [this](const Words&) { cluster_.options.elected = true; };
  // options window_messages=2 window_bytes=1000 batch_bytes=100 tail_bytes=0 readmit_strangers=yes
  // logs_tell_configurations=no
  commands_["options"] = [this](const Words& words) {
    for (const auto& [name, value] : fields(words, 1)) {
      auto& options = cluster_.options;
      const std::map<std::string, std::size_t*> known = {
          {"window_messages", &options.window.max_messages},
          {"window_bytes", &options.window.max_bytes},
          {"batch_bytes", &options.max_batch_bytes},
          {"tail_bytes", &options.tail_cache_bytes}};
      const std::map<std::string, bool*> switches = {
          {"readmit_strangers", &options.readmit_strangers},
          {"logs_tell_configurations", &cluster_.logs_tell_configurations}};
      if (switches.contains(name)) {
        *switches.at(name) = value == "yes";
        continue;
      }
      require(known.contains(name), "unknown option: " + name);
      *known.at(name) = number(value);
    }
  };
}

/// `1/config 1/noop 2/a`, from index 1 on.
std::vector<Entry> Script::entries_from(const std::string& text) {
  std::vector<Entry> entries;
  for (const std::string& word : split(text, ' ')) {
    const auto parts = split(word, '/');
    require(parts.size() == 2, "not term/content: " + word);
    const EntryId place{Index(entries.size() + 1), Term(number(parts[0]))};
    entries.push_back(make_entry(cluster_.sha(), place, parts[1], members_));
  }
  return entries;
}

void Script::add_node_commands() {
  commands_["start"] = [this](const Words& words) {
    if (words.size() == 1) {
      for (const NodeId& member : members_) start(member);
    }
    for (std::size_t i = 1; i < words.size(); ++i) start(id(words[i]));
  };
  commands_["restart"] = commands_["start"];
  // crash 1 [keep=2]: loses all that is not durable, but the oldest two writes
  commands_["crash"] = [this](const Words& words) {
    auto values = fields(words, 2);
    cluster_.crash(id(words.at(1)), values.contains("keep") ? number(values["keep"]) : 0);
  };
  // empty_disk 1: a new disk in a node that is down
  commands_["empty_disk"] = [this](const Words& words) {
    Node& emptied = node(words.at(1));
    require(!emptied.is_up(), words[1] + " is up");
    cluster_.add_empty_node(id(words[1]), ++emptied.generation);
  };
  commands_["campaign"] = [this](const Words& words) {
    (void)node(words.at(1));
    (void)cluster_.campaign(id(words[1]));
  };
  // elect 1: campaign, settle, and it must have won
  commands_["elect"] = [this](const Words& words) {
    Node& candidate = node(words.at(1));
    (void)cluster_.campaign(id(words[1]));
    require(cluster_.settle(), "messages without end");
    require_equal(candidate.answer ? name_of(*candidate.answer) : "no answer", "ok");
    require(candidate.is_up() && candidate.core->role() == Role::kLeader, "does not lead");
  };
  commands_["follow"] = [this](const Words& words) {
    node(words.at(1)).answer.reset();
    cluster_.event(id(words[1]), [](Core& core) { core.become_follower_by_command(CallId{99}); });
  };
  // propose 1 a b: one batch
  commands_["propose"] = [this](const Words& words) {
    Node& leader = node(words.at(1));
    require(leader.is_up() && leader.core->role() == Role::kLeader, "does not lead");
    cluster_.propose(id(words[1]), Words(words.begin() + 2, words.end()));
  };
  // bootstrap 1 1 2 3: called on node 1, with these members
  commands_["bootstrap"] = [this](const Words& words) {
    std::vector<NodeId> members;
    for (std::size_t i = 2; i < words.size(); ++i) members.push_back(id(words[i]));
    cluster_.bootstrap(id(words.at(1)), members);
  };
  // add_learner 1 4 [operation=7], promote 1 4, remove 1 4: called on node 1
  const auto change = [this](MemberChange kind) {
    return [this, kind](const Words& words) {
      auto values = fields(words, 3);
      (void)node(words.at(1));
      const std::uint64_t operation =
          values.contains("operation") ? number(values["operation"]) : 0;
      cluster_.change_members(id(words.at(1)), kind, id(words.at(2)),
                              static_cast<std::uint8_t>(operation));
    };
  };
  commands_["add_learner"] = change(MemberChange::kAddLearner);
  commands_["promote"] = change(MemberChange::kPromote);
  commands_["remove"] = change(MemberChange::kRemove);
  commands_["request_sync"] = [this](const Words& words) {
    cluster_.event(id(words.at(1)), [](Core& core) { core.request_sync(1); });
  };
  // transfer 1 2: node 1 is to hand over to node 2
  commands_["transfer"] = [this](const Words& words) {
    node(words.at(1)).answer.reset();
    cluster_.event(id(words[1]),
                   [&](Core& core) { core.transfer_leadership(CallId{98}, id(words.at(2))); });
  };
  // refused 2 1: a dial of node 2 to node 1 is refused
  commands_["refused"] = [this](const Words& words) {
    cluster_.event(id(words.at(1)), [&](Core& core) { core.dial_refused(id(words.at(2))); });
  };
  // full 1: its disk takes no entries
  commands_["full"] = [this](const Words& words) { cluster_.set_full(id(words.at(1)), true); };
  // stall 1 yes: the disk does not answer, as the driver finds
  commands_["stall"] = [this](const Words& words) {
    cluster_.event(id(words.at(1)), [&](Core& core) { core.disk_stalled(words.at(2) == "yes"); });
  };
  // request_read 2 7: a linearizable read by that number
  commands_["request_read"] = [this](const Words& words) {
    const std::uint64_t read = number(words.at(2));
    cluster_.event(id(words.at(1)), [&](Core& core) { core.request_read(read); });
  };
  commands_["feed"] = [this](const Words& words) {
    cluster_.event(id(words.at(1)), [&](Core& core) { core.feed(id(words.at(2))); });
  };
}

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

/// `1=leader 2=follower`.
void Script::each_value(const Words& words, const std::function<std::string(Node&)>& actual) {
  for (const auto& [name, wanted] : fields(words, 1)) {
    Node& shown = node(name);
    require(shown.core.has_value(), name + " is down");
    const std::string is = actual(shown);
    require(is == wanted, name + " is: " + is);
  }
}

void Script::add_expectations() {
  expectations_["roles"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return to_string(n.core->role()); });
  };
  // one_leader, no_leader: of all that are up
  const auto leaders = [this] {
    std::size_t count = 0;
    for (const auto& [name, n] : cluster_.nodes()) {
      if (n.is_up() && n.core->role() == Role::kLeader) ++count;
    }
    return count;
  };
  expectations_["one_leader"] = [=](const Words&) {
    require(leaders() == 1, "are: " + std::to_string(leaders()));
  };
  expectations_["no_leader"] = [=](const Words&) {
    require(leaders() == 0, "are: " + std::to_string(leaders()));
  };
  expectations_["terms"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return to_string(n.core->term()); });
  };
  // leaders 2=1 3=none: whom they take for the leader
  expectations_["leaders"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return n.core->leader().value_or(NodeId("none")).str(); });
  };
  expectations_["commit"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return to_string(n.core->commit_index()); });
  };
  expectations_["durable"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return to_string(n.disk->durable().last_index()); });
  };
  // first 1=4: where its log begins
  expectations_["first"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return to_string(n.core->log().first_index()); });
  };
  expectations_["initialised"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return std::string(n.core->initialised() ? "yes" : "no"); });
  };
  expectations_["stranger"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return std::string(n.core->is_stranger() ? "yes" : "no"); });
  };
  // members 1=1+2<1+2+3~4: see configuration_text.hpp
  expectations_["members"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return text_of(n.core->configuration()); });
  };
  // votes 1=2 3=none: as durable, of the current term
  expectations_["votes"] = [this](const Words& words) {
    each_value(words, [](Node& n) {
      const NodeId& vote = n.disk->durable().hard_state.voted_for;
      return vote.is_none() ? "none" : vote.str();
    });
  };
  expectations_["failure"] = [this](const Words& words) {
    each_value(words, [](Node& n) { return n.failure ? name_of(*n.failure) : "none"; });
  };
  // log 1 1/config 1/noop: as the disk shows it, synced or not
  expectations_["log"] = [this](const Words& words) {
    const Stored& seen = node(words.at(1)).disk->seen();
    std::string text;
    for (const Entry& entry : seen.entries) {
      const bool is_damaged = contains(seen.damaged, entry.header.index);
      text += (text.empty() ? "" : " ") + (is_damaged ? "?" : text_of({entry}));
    }
    require_equal(text, join(words, 2));
  };
  // damaged 1=2..3 2=none: as the node knows it
  expectations_["damaged"] = [this](const Words& words) {
    each_value(words, [](Node& n) {
      std::string text;
      for (const IndexRange& range : n.core->log().damaged()) {
        text += (text.empty() ? "" : ",") + to_string(range.first) + ".." + to_string(range.last);
      }
      return text.empty() ? "none" : text;
    });
  };
  expectations_["applied"] = [this](const Words& words) {
    require_equal(text_of(node(words.at(1)).applied), join(words, 2));
  };
  // answer 1 timed_out [3 ...]: the call's answer, and words that its message names
  expectations_["answer"] = [this](const Words& words) {
    const auto& answer = node(words.at(1)).answer;
    require_equal(answer ? name_of(*answer) : "none", words.at(2));
    for (std::size_t i = 3; i < words.size(); ++i) {
      require(answer->message.find(words[i]) != std::string::npos, "says: " + answer->message);
    }
  };
}

void Script::add_expectations_of_messages() {
  // queue 1 -> 2 ack 3 term=2 ; vote granted term=3
  expectations_["queue"] = [this](const Words& words) {
    std::string text;
    for (const PeerMessage& message :
         cluster_.network().link(id(words.at(1)), id(words.at(3))).queue) {
      text += (text.empty() ? "" : " ; ") + text_of(message.body);
    }
    require_equal(text, words.at(4) == "empty" ? "" : join(words, 4));
  };
  // sent reject 2 -> 1 at_most 3: since `count`
  expectations_["sent"] = [this](const Words& words) {
    const std::size_t count = cluster_.sent(words.at(1), id(words.at(2)), id(words.at(4)));
    const std::uint64_t bound = number(words.at(6));
    const std::string is = "is: " + std::to_string(count);
    if (words.at(5) == "at_most") return require(count <= bound, is);
    if (words.at(5) == "at_least") return require(count >= bound, is);
    require(words[5] == "exactly" && count == bound, is);
  };
  // notice 1 fenced_by 2, no_notice 1 stranger: since `count`
  const auto has_notice = [this](const Words& words) {
    for (const Notice& notice : node(words.at(1)).notices) {
      if (text_of(notice) == join(words, 2)) return true;
    }
    return false;
  };
  expectations_["notice"] = [=](const Words& words) { require(has_notice(words), "not noted"); };
  expectations_["no_notice"] = [=](const Words& words) { require(!has_notice(words), "noted"); };
}

}  // namespace lockstep::consensus::test
