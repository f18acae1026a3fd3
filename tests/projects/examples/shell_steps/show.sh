printf '<%s>' "$@"
