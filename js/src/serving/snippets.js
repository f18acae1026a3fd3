// The request as a command line and as Python, to copy.

/**
 * @param {string} address
 * @param {string} body
 */
export function curl(address, body) {
  const quoted = compact(body).replaceAll("'", "'\\''");
  return `curl ${address} \\\n  -H 'content-type: application/json' \\\n  -d '${quoted}'`;
}

/**
 * @param {string} address
 * @param {string} body
 */
export function python(address, body) {
  const text = `'${compact(body).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return [
    "import urllib.request",
    "",
    `body = ${text}`,
    "request = urllib.request.Request(",
    `    "${address}", body.encode(), {"content-type": "application/json"}`,
    ")",
    "print(urllib.request.urlopen(request).read().decode())",
  ].join("\n");
}

/** @param {string} body */
function compact(body) {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}
