;; with: base describe
;; Wants an ever larger table, and gives up when it gets none.
  (table $table 1 funcref)
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (loop $again
      (br_if $again
        (i32.ne (table.grow $table (ref.null func) (i32.const 10000)) (i32.const -1))))
    (unreachable))
