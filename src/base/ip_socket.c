#include "base/ip_socket.h"

#include <string.h>

#include <netinet/in.h>

socklen_t ip_socket_address(struct ip ip, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(out, 0, sizeof(*out));
	if (ip.length == 4) {
		memcpy(&v4.sin_addr, ip.bytes, 4);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, ip.bytes, 16);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}
