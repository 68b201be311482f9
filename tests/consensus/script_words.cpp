#include "consensus/script_words.hpp"

#include <sstream>

namespace lockstep::consensus::test {

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

EntryId entry_id(const std::string& text) {
  const auto parts = split(text, '/');
  require(parts.size() == 2, "not index/term: " + text);
  return {Index(number(parts[0])), Term(number(parts[1]))};
}

std::string join(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i == from ? "" : " ") + words[i];
  return text;
}

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

}  // namespace lockstep::consensus::test
