#include "consensus/configuration_text.hpp"

#include <sstream>

#include "consensus/cluster.hpp"

namespace lockstep::consensus::test {
namespace {

std::string text_of(const std::vector<Member>& members) {
  std::string text;
  for (const Member& member : members) {
    text += (text.empty() ? "" : "+") + member.node.str();
    const int generation = member.incarnation.bytes().front();
    if (generation > 0) text += "." + std::to_string(generation);
  }
  return text;
}

std::vector<Member> members_from(const std::string& text) {
  std::vector<Member> members;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, '+');) {
    const std::size_t dot = word.find('.');
    const NodeId node(word.substr(0, dot));
    const int generation = dot == std::string::npos ? 0 : std::stoi(word.substr(dot + 1));
    members.push_back({node, incarnation_of(node, generation)});
  }
  return members;
}

}  // namespace

std::string text_of(const Configuration& configuration) {
  std::string text = text_of(configuration.voters);
  if (configuration.is_joint()) text += "<" + text_of(configuration.outgoing_voters);
  if (!configuration.learners.empty()) text += "~" + text_of(configuration.learners);
  return text;
}

Configuration configuration_from(const std::string& text) {
  const std::size_t learners = text.find('~');
  const std::string voters = text.substr(0, learners);
  const std::size_t outgoing = voters.find('<');
  Configuration configuration;
  configuration.voters = members_from(voters.substr(0, outgoing));
  if (outgoing != std::string::npos) {
    configuration.outgoing_voters = members_from(voters.substr(outgoing + 1));
  }
  if (learners != std::string::npos) {
    configuration.learners = members_from(text.substr(learners + 1));
  }
  return configuration;
}

}  // namespace lockstep::consensus::test
