#include <iostream>

#include <lockstep/version.hpp>

int main() {
  std::cout << "headers " << LOCKSTEP_VERSION_STRING << ", library " << lockstep::version() << '\n';
  return lockstep::version() == LOCKSTEP_VERSION_STRING ? 0 : 1;
}
