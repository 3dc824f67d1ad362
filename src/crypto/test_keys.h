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
