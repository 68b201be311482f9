#include <algorithm>

#include "consensus/message_text.hpp"
#include "consensus/script.hpp"
#include "consensus/script_words.hpp"

namespace lockstep::consensus::test {

Stored Script::stored_of(const NodeId& name) {
  require(!node(name.str()).is_up(), name.str() + " is up");
  return cluster_.disk(name).durable();
}

void Script::update(const NodeId& name, const std::function<void(Stored&)>& change) {
  Stored stored = stored_of(name);
  change(stored);
  cluster_.set_disk(name, std::move(stored));
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
  // options window_messages=2 window_bytes=1000 batch_bytes=100 tail_bytes=0 read_bytes=0
  //   readmit_strangers=yes
  // logs_tell_configurations=no
  commands_["options"] = [this](const Words& words) {
    for (const auto& [name, value] : fields(words, 1)) {
      auto& options = cluster_.options;
      const std::map<std::string, std::size_t*> known = {
          {"window_messages", &options.window.max_messages},
          {"window_bytes", &options.window.max_bytes},
          {"batch_bytes", &options.max_batch_bytes},
          {"read_bytes", &options.read_ahead_bytes},
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

void Script::start(const NodeId& name) {
  require(!node(name.str()).is_up(), name.str() + " is up");
  cluster_.start(name);
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

}  // namespace lockstep::consensus::test
