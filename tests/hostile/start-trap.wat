;; with: base describe transform
;; Traps before anything of it is called.
  (func $start (unreachable))
  (start $start)
