// The destructors of the extension interfaces, so that their type information has one home.
#include "lockstep/executor.hpp"
#include "lockstep/file_system.hpp"
#include "lockstep/network_manager.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/state_machine.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

IExecutor::~IExecutor() = default;
IFile::~IFile() = default;
IFileSystem::~IFileSystem() = default;
IFileSystem::Lock::~Lock() = default;
Runtime::~Runtime() = default;
Runtime::Timer::~Timer() = default;
INetworkManager::~INetworkManager() = default;
IWALSource::~IWALSource() = default;
ISnapshot::~ISnapshot() = default;
IStateMachine::~IStateMachine() = default;

}  // namespace lockstep
