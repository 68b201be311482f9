#include "link/arbitration.hpp"

#include <gtest/gtest.h>

namespace lockstep::link {
namespace {

TEST(Arbitration, Table) {
  constexpr Side kOurs = Side::kDialler;
  constexpr Side kTheirs = Side::kAcceptor;
  struct Case {
    const char* name;
    const char* local;
    const char* peer;
    Contender held;
    std::uint64_t boot;
    std::uint64_t dial;
    Verdict expected;
  };
  const auto held = [](Side side, std::uint64_t boot, std::uint64_t dial) {
    return Contender{side, BootNumber(boot), DialNumber(dial)};
  };
  const std::vector<Case> cases{
      {"a new process", "a", "b", held(kOurs, 1, 9), 2, 1, Verdict::kReplace},
      {"a new process of the smaller", "b", "a", held(kTheirs, 1, 9), 2, 1, Verdict::kReplace},
      {"an old process", "b", "a", held(kOurs, 2, 1), 1, 9, Verdict::kRefuseSuperseded},
      {"an old process, accepted", "a", "b", held(kTheirs, 2, 1), 1, 9, Verdict::kRefuseSuperseded},
      {"a later dial", "a", "b", held(kTheirs, 1, 3), 1, 4, Verdict::kReplace},
      {"the same dial", "a", "b", held(kTheirs, 1, 3), 1, 3, Verdict::kRefuseDuplicate},
      {"an earlier dial", "b", "a", held(kTheirs, 1, 3), 1, 2, Verdict::kRefuseDuplicate},
      {"both dialled, we are smaller", "a", "b", held(kOurs, 1, 1), 1, 9,
       Verdict::kRefuseDuplicate},
      {"both dialled, we are larger", "b", "a", held(kOurs, 1, 9), 1, 1, Verdict::kReplace},
  };
  for (const Case& c : cases) {
    const Contender incoming{kTheirs, BootNumber(c.boot), DialNumber(c.dial)};
    EXPECT_EQ(judge(NodeId(c.local), NodeId(c.peer), c.held, incoming), c.expected) << c.name;
  }
}

}  // namespace
}  // namespace lockstep::link
