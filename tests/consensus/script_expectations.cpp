#include "consensus/configuration_text.hpp"
#include "consensus/message_text.hpp"
#include "consensus/script.hpp"
#include "consensus/script_words.hpp"

namespace lockstep::consensus::test {

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
