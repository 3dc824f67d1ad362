/* Addresses as the calls of sockets take them. */
#pragma once

#include "base/ip.h"

#include <sys/socket.h>

/* Fills the whole of *out; gives the length that belongs to the family. */
socklen_t ip_socket_address(struct ip ip, uint16_t port, struct sockaddr_storage *out);
