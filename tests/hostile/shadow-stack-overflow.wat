;; with: base describe
;; Puts ever more on the stack that a Rust module keeps at the beginning of its memory.
  (global $stack_pointer (mut i32) (i32.const 65536))
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (loop $again
      (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 1024)))
      (i32.store (global.get $stack_pointer) (i32.const 7))
      (br $again))
    (unreachable))
