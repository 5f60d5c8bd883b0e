;; with: base describe transform
;; Never ends before anything of it is called.
  (func $start (loop $again (br $again)))
  (start $start)
