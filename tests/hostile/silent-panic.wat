;; with: base describe
;; Traps without a word.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (unreachable))
