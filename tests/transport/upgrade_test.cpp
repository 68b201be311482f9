// Who is let in by the HTTP upgrade, before a byte of the protocol is spoken.
#include "transport/upgrade.hpp"

#include <gtest/gtest.h>

namespace lockstep::transport {
namespace {

const NodeId kLocal("n1");

UpgradeRequest good() {
  UpgradeRequest request;
  request.is_websocket = true;
  request.target = "/replication?nodeId=n2";
  request.sub_protocols = "lockstep.v1";
  return request;
}

UpgradeAnswer answer_to_target(const std::string& target) {
  UpgradeRequest request = good();
  request.target = target;
  return judge_upgrade(request, kLocal);
}

unsigned status_of_offer(const std::string& sub_protocols) {
  UpgradeRequest request = good();
  request.sub_protocols = sub_protocols;
  return judge_upgrade(request, kLocal).status;
}

TEST(Upgrade, LetsANodeIn) {
  const UpgradeAnswer answer = judge_upgrade(good(), kLocal);
  EXPECT_EQ(answer.status, 101U);
  EXPECT_EQ(answer.reason, "");
  EXPECT_EQ(answer.node, NodeId("n2"));
}

TEST(Upgrade, TheTargetThatADiallerAsksForIsUnderstood) {
  const NodeId node("node-2.example:7001_x");
  EXPECT_EQ(answer_to_target(upgrade_target(node)).node, node);
}

TEST(Upgrade, EachRefusalHasAStatusAndAReason) {
  struct Case {
    unsigned status;
    const char* reason;
    void (*spoil)(UpgradeRequest&);
  };
  const Case cases[] = {
      {426, "WebSocket", [](UpgradeRequest& r) { r.is_websocket = false; }},
      {403, "web page", [](UpgradeRequest& r) { r.has_origin = true; }},
      {400, "no sub-protocol", [](UpgradeRequest& r) { r.sub_protocols = " "; }},
      {400, "unknown sub-protocol", [](UpgradeRequest& r) { r.sub_protocols = "lockstep.v10"; }},
      {404, "path", [](UpgradeRequest& r) { r.target = "/replication/?nodeId=n2"; }},
      {400, "nodeId", [](UpgradeRequest& r) { r.target = "/replication"; }},
      {409, "own", [](UpgradeRequest& r) { r.target = "/replication?nodeId=n1"; }},
  };
  for (const Case& c : cases) {
    UpgradeRequest request = good();
    c.spoil(request);
    const UpgradeAnswer answer = judge_upgrade(request, kLocal);
    EXPECT_EQ(answer.status, c.status) << c.reason;
    EXPECT_NE(answer.reason.find(c.reason), std::string::npos) << answer.reason;
  }
}

TEST(Upgrade, NodeIdMayBeEscapedAndStandAnywhereInTheQuery) {
  EXPECT_EQ(answer_to_target("/replication?a=b&nodeId=n%3a2&c").node, NodeId("n:2"));
  EXPECT_EQ(answer_to_target("/replication?nodeId=%6E2").node, NodeId("n2"));
}

TEST(Upgrade, NodeIdThatIsNoneIsRefused) {
  for (const std::string& query :
       {std::string("nodeId="), std::string("nodeid=n2"), std::string("xnodeId=n2"),
        std::string("nodeId=n2%"), std::string("nodeId=n2%4"), std::string("nodeId=n2%4g"),
        std::string("nodeId=n2%0d%0aX:%20y"), std::string("nodeId=n2%00"),
        std::string("nodeId=a b"), std::string("nodeId=n2#x"), "nodeId=" + std::string(65, 'n'),
        "nodeId=" + std::string(8000, 'n'), std::string("nodeId=n2&nodeId=n2"),
        std::string("nodeId=n2&nodeId=n3"), std::string("nodeId=n2&nodeId=")}) {
    const UpgradeAnswer answer = answer_to_target("/replication?" + query);
    EXPECT_EQ(answer.status, 400U) << query.substr(0, 80);
    EXPECT_TRUE(answer.node.is_none()) << query.substr(0, 80);
  }
}

TEST(Upgrade, ReasonsRepeatNothingOfTheRequest) {
  const std::string evil = "\r\nEvil: yes";
  UpgradeRequest request = good();
  request.sub_protocols = evil;
  EXPECT_EQ(judge_upgrade(request, kLocal).reason.find("Evil"), std::string::npos);
  for (const std::string& target : {evil, "/replication?nodeId=" + evil}) {
    EXPECT_EQ(answer_to_target(target).reason.find("Evil"), std::string::npos);
  }
}

TEST(Upgrade, TheSubProtocolIsOneOfThoseOffered) {
  EXPECT_EQ(status_of_offer("chat, lockstep.v1"), 101U);
  EXPECT_EQ(status_of_offer("lockstep.v1,lockstep.v2"), 101U);
  EXPECT_EQ(status_of_offer("\t lockstep.v1 ,"), 101U);
  EXPECT_EQ(status_of_offer("lockstep.v1 chat"), 400U) << "one name with a space";
  EXPECT_EQ(status_of_offer("Lockstep.v1"), 400U);
  EXPECT_EQ(status_of_offer(",,,"), 400U);
}

TEST(Upgrade, AnAcceptorsReasonIsMadeFitForALog) {
  const Error error = upgrade_refused(409, "no\r\n2001-01-01 [error] all lost\x1b[31m\xff");
  EXPECT_EQ(error, Errc::kHandshakeRefused);
  EXPECT_EQ(error.message, "refused with HTTP status 409: no  2001-01-01 [error] all lost [31m?");
  EXPECT_EQ(upgrade_refused(400, std::string(100'000, 'x')).message.size(), 30U + 512U);
}

}  // namespace
}  // namespace lockstep::transport
