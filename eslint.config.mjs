import js from "@eslint/js";
import globals from "globals";

export default [
  {
    files: ["static/js/**/*.js"],
    ...js.configs.recommended,
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...js.configs.recommended.rules,
      eqeqeq: "error",
      "prefer-const": "error",
      // `const { type, ...rest } = event` leaves a name out.
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
];
