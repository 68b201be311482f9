#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/logging.hpp"
#include "lockstep/testing/waiting.hpp"

namespace lockstep::testing {

/// What a node has logged. It may go before the node.
class LogLines {
 public:
  [[nodiscard]] LogSink sink() const {
    return [lines = lines_](LogLevel level, std::string_view text) {
      lines->change([&](auto& all) { all.push_back({level, std::string(text)}); });
    };
  }
  /// At warning or above.
  [[nodiscard]] std::size_t with(std::string_view word) const {
    std::size_t result = 0;
    for (const auto& [level, text] : lines_->get()) {
      result += level >= LogLevel::kWarning && text.find(word) != std::string::npos ? 1 : 0;
    }
    return result;
  }

 private:
  struct Line {
    LogLevel level;
    std::string text;
  };
  std::shared_ptr<Watched<std::vector<Line>>> lines_ =
      std::make_shared<Watched<std::vector<Line>>>();
};

}  // namespace lockstep::testing
