/* Public keys for tests, in base64. Each RSA key in both encodings; made with openssl.
 * ED25519 is the key of RFC 8463 §A.2. */
#pragma once

#define RSA_512_SPKI                                                                   \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALRZK2Xw474ynxTCwE/sq1cnbe3unO3M"             \
	"9/GrDU5/XeV5J+IisscvjEEgdHB2COzUG+S330PDdVj9Y3Ea93wXS2kCAwEAAQ=="
#define RSA_512_PKCS1                                                                  \
	"MEgCQQC0WStl8OO+Mp8UwsBP7KtXJ23t7pztzPfxqw1Of13leSfiIrLHL4xBIHRw"             \
	"dgjs1Bvkt99Dw3VY/WNxGvd8F0tpAgMBAAE="
#define RSA_1024_SPKI                                                                  \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2FtQhNt9GGWP7xciLQ5r2AftA"             \
	"4XRersKkbXqiM2AFUVG4azGFgKh9HZjsJ9wHKpNL8XJgz3Ve8yzyXnQpFNX3HUc2"             \
	"MaQNx1gg77Rh4+Li8w4apQ36XaScO4BhiNqHKaS0sC6vhfS60dwDAvQyj9nDENCU"             \
	"5/8D4kQzvpFiYEZx/wIDAQAB"
#define RSA_1024_PKCS1                                                                 \
	"MIGJAoGBALYW1CE230YZY/vFyItDmvYB+0DhdF6uwqRteqIzYAVRUbhrMYWAqH0d"             \
	"mOwn3Acqk0vxcmDPdV7zLPJedCkU1fcdRzYxpA3HWCDvtGHj4uLzDhqlDfpdpJw7"             \
	"gGGI2ocppLSwLq+F9LrR3AMC9DKP2cMQ0JTn/wPiRDO+kWJgRnH/AgMBAAE="
#define RSA_2048_SPKI                                                                  \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvx4ooL2aDsA+4MY9WZU+"             \
	"oh3Y5T7a10Nj40sHXfWQWyFcZc8hWG/VztJXJtC0V9v/dSqUBzTTnhGjDsTtZUSH"             \
	"wey4v7njLI95S4vbsXJa45fupvBNjAay7Otc6AthuYvs1H7vkAbQDWZTL7ISGyT8"             \
	"6868DSAGXcBGJqkt6nNWCzMPT+83EGh86Nt1HPAUiE69NGVwxTUrXSUyNk5E5bg2"             \
	"We/1vnA4L7ZZNsmlps6rLurrFhrT7iCQryN0Ztd3fxdgawAHHT2W7j0QnHRsOZ0Q"             \
	"fHJpxRxT0TlUE443+sVylZddppGC3h5GP1glISWd2xLr9jEZLCQHiEU92IyzIH1v"             \
	"MwIDAQAB"
#define RSA_2048_PKCS1                                                                 \
	"MIIBCgKCAQEAvx4ooL2aDsA+4MY9WZU+oh3Y5T7a10Nj40sHXfWQWyFcZc8hWG/V"             \
	"ztJXJtC0V9v/dSqUBzTTnhGjDsTtZUSHwey4v7njLI95S4vbsXJa45fupvBNjAay"             \
	"7Otc6AthuYvs1H7vkAbQDWZTL7ISGyT86868DSAGXcBGJqkt6nNWCzMPT+83EGh8"             \
	"6Nt1HPAUiE69NGVwxTUrXSUyNk5E5bg2We/1vnA4L7ZZNsmlps6rLurrFhrT7iCQ"             \
	"ryN0Ztd3fxdgawAHHT2W7j0QnHRsOZ0QfHJpxRxT0TlUE443+sVylZddppGC3h5G"             \
	"P1glISWd2xLr9jEZLCQHiEU92IyzIH1vMwIDAQAB"
#define ED25519      "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define ED25519_SPKI "MCowBQYDK2VwAyEAxQUC+jXNNlzqzhFFx0vPCqeUhM/FGUnRHFeuyUvu4ws="
#define P256_SPKI                                                                      \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEepFq1tthExMgGj/NbsGX6ozSwvv+"             \
	"kZwjRk7toAjB72h9YtTa14dyi/rj/Bwa+PaFuJy5H8a4LxjyxsfNXS1viw=="

/* The private keys of RFC 8463 §A: the seed of ED25519 above, and the RSA one. */
#define ED25519_SEED "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define RSA_PEM                                                                        \
	"-----BEGIN RSA PRIVATE KEY-----\n"                                            \
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"           \
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"           \
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"           \
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"           \
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"           \
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"           \
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"           \
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"           \
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"           \
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"           \
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"           \
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"           \
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"                               \
	"-----END RSA PRIVATE KEY-----\n"
#define P256_PEM                                                                       \
	"-----BEGIN PRIVATE KEY-----\n"                                                \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/N7QSw4nbZmpvbCn\n"           \
	"nB7ZGiOnXKHPb2UZFOxW+gtBIVyhRANCAATEcJ5zbeIUC0kjj+n5Cm6vLdpbW/hH\n"           \
	"HAtpl6y4mFp4MLyguxEwiJsSxWqTl+DXQynYpSESA0THDR0kMi6E5WVK\n"                   \
	"-----END PRIVATE KEY-----\n"
