// How near an address is to this machine, as its interfaces are now.
// No state: any thread may call it; it asks the kernel each time.
#pragma once

#include "net/address.h"

namespace weir::net {

enum class Distance { SameHost, SameNet, Far };

// Of a TCP peer. An error where the kernel does not tell.
Result<Distance> distance_to(const Address& peer);

}  // namespace weir::net
