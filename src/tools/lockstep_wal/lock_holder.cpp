#include "tools/lockstep_wal/lock_holder.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace lockstep::tools {

std::optional<std::int64_t> lock_holder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  char wanted[64];
  std::snprintf(wanted, sizeof(wanted), "%02x:%02x:%llu", major(status.st_dev),
                minor(status.st_dev), static_cast<unsigned long long>(status.st_ino));
  // "1: FLOCK  ADVISORY  WRITE 11272 fe:00:10954658 0 EOF"; a waiting one has "->" behind "1:".
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream fields(line);
    std::string number;
    std::string type;
    std::string manner;
    std::string access;
    std::int64_t process = 0;
    std::string file;
    fields >> number >> type >> manner >> access >> process >> file;
    if (type == "FLOCK" && file == wanted) return process;
  }
  return std::nullopt;
}

}  // namespace lockstep::tools
