#include "benchmark/traffic.hpp"

#include <chrono>
#include <ctime>
#include <future>
#include <vector>

#include "benchmark/statistics.hpp"

namespace lockstep::benchmark {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

double cpu_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

SharedBuffer payload_of(std::size_t bytes) {
  std::vector<std::uint8_t> payload(bytes);
  for (std::size_t i = 0; i < bytes; ++i) payload[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  return SharedBuffer::adopt(std::move(payload));
}

/// Runs `task` on the end's thread and waits for it.
void run_on(IEnd& end, const std::function<void()>& task) {
  std::promise<void> ran;
  end.post([&] {
    task();
    ran.set_value();
  });
  ran.get_future().get();
}

/// Sends on the io thread of `from`, counts on that of `to`.
class OneWay {
 public:
  OneWay(IEnd& from, std::size_t count, std::size_t window)
      : from_(from), count_(count), window_(window) {}

  void fill() {
    while (sent_ < count_ && sent_ - written_ < window_) {
      ++sent_;
      from_.send([this] {
        ++written_;
        fill();
        if (written_ == count_) all_written_.set_value();
      });
    }
  }
  void on_received() {
    if (++received_ == count_) all_received_.set_value();
  }
  void wait() {
    all_received_.get_future().get();
    all_written_.get_future().get();
  }

 private:
  IEnd& from_;
  const std::size_t count_;
  const std::size_t window_;
  std::size_t sent_ = 0;
  std::size_t written_ = 0;
  std::size_t received_ = 0;
  std::promise<void> all_written_;
  std::promise<void> all_received_;
};

}  // namespace

RoundTrips measure_round_trips(IPair& pair, std::size_t payload_bytes, std::size_t count) {
  IEnd& a = pair.dialler();
  IEnd& b = pair.acceptor();
  const SharedBuffer payload = payload_of(payload_bytes);
  std::vector<double> durations;
  durations.reserve(count);
  std::promise<void> all_back;
  Clock::time_point sent;
  const auto send = [&] {
    sent = Clock::now();
    a.send([] {});
  };
  run_on(b, [&] {
    b.use(payload);
    b.on_receive([&b] { b.send([] {}); });
  });
  run_on(a, [&] {
    a.use(payload);
    a.on_receive([&] {
      durations.push_back(microseconds(Clock::now() - sent));
      if (durations.size() == count) return all_back.set_value();
      send();
    });
  });
  const double cpu_before = cpu_seconds();
  a.post(send);
  all_back.get_future().get();
  const double cpu = cpu_seconds() - cpu_before;
  run_on(a, [&] { a.on_receive({}); });
  run_on(b, [&] { b.on_receive({}); });
  return {quantile(durations, 0.5), quantile(durations, 0.99),
          cpu * 1e6 / static_cast<double>(count)};
}

Throughput measure_one_way(IEnd& from, IEnd& to, std::size_t payload_bytes, std::size_t count,
                           std::size_t window) {
  OneWay run(from, count, window);
  run_on(from, [&] { from.use(payload_of(payload_bytes)); });
  run_on(to, [&] { to.on_receive([&] { run.on_received(); }); });
  const double cpu_before = cpu_seconds();
  const auto begun = Clock::now();
  from.post([&] { run.fill(); });
  run.wait();
  const double seconds = microseconds(Clock::now() - begun) * 1e-6;
  const double cpu = cpu_seconds() - cpu_before;
  run_on(to, [&] { to.on_receive({}); });
  run_on(from, [] {});  // behind the completion that ended the wait
  const auto messages = static_cast<double>(count);
  return {messages / seconds, messages * static_cast<double>(payload_bytes) / seconds * 1e-6,
          cpu * 1e6 / messages};
}

}  // namespace lockstep::benchmark
