#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sha256.hpp"

namespace lockstep_demo::test {

/// Puts the right checksum in the place of the one `@`.
inline std::string sealed(std::string_view line) {
  const std::size_t place = line.find('@');
  std::string text(line);
  text.erase(place, 1);
  return text.insert(place, sha256_hex(text));
}

inline std::string entry(std::string_view transaction, std::string_view type,
                         std::string_view operation, std::string_view collection,
                         std::string_view data) {
  std::string line = R"({"transactionId":")";
  line.append(transaction).append(R"(","timestamp":1700000000000,"type":")").append(type);
  line.append(R"(","collectionName":")").append(collection);
  line.append(R"(","operation":")").append(operation);
  line.append(R"(","data":)").append(data).append(R"(,"sequenceNumber":1,"checksum":"@"})");
  return sealed(line);
}

inline std::string begin(std::string_view transaction) {
  return entry(transaction, "BEGIN", "BEGIN", "*", R"({"key":"transaction"})");
}

inline std::string commit(std::string_view transaction) {
  return entry(transaction, "COMMIT", "COMMIT", "*", R"({"key":"transaction"})");
}

inline std::string rollback(std::string_view transaction) {
  return entry(transaction, "ROLLBACK", "COMMIT", "*", R"({"key":"transaction"})");
}

inline std::string insert(std::string_view transaction, std::string_view collection,
                          std::string_view key, std::string_view value) {
  std::string data = R"({"key":)";
  data.append(key).append(R"(,"newValue":)").append(value).append("}");
  return entry(transaction, "DATA", "INSERT", collection, data);
}

inline std::string update(std::string_view transaction, std::string_view collection,
                          std::string_view key, std::string_view value) {
  std::string data = R"({"key":)";
  data.append(key).append(R"(,"oldValue":{},"newValue":)").append(value).append("}");
  return entry(transaction, "DATA", "UPDATE", collection, data);
}

inline std::string remove(std::string_view transaction, std::string_view collection,
                          std::string_view key) {
  std::string data = R"({"key":)";
  data.append(key).append(R"(,"oldValue":{}})");
  return entry(transaction, "DATA", "DELETE", collection, data);
}

}  // namespace lockstep_demo::test
