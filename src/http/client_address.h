#pragma once

#include <string>

#include "http/message.h"

namespace inpaint::http {

// Where a request came from. `peer` is who connected; in front of us stand `trusted_proxies` proxies, each of
// which adds to the end of X-Forwarded-For who connected to it. What stands before that came with the request
// and may be anything. The peer's own address when there are fewer entries, or when it is no address.
std::string client_address(const std::string& peer, const Headers& headers, unsigned trusted_proxies);

// What counts as one client: an IPv4 address, or the network of 64 bits of an IPv6 one, because whoever has
// one of its addresses has all of it.
std::string counted_name(const std::string& address);

}  // namespace inpaint::http
