/**
 * The tokens of a logged-in user, one per endpoint: an etcd's simple tokens are its own. Calls that
 * need one at the same time share the login.
 */
export class Tokens {
  readonly #login: (endpoint: string) => Promise<string | undefined>;
  readonly #tokens = new Map<string, Promise<string | undefined>>();

  constructor(login: (endpoint: string) => Promise<string | undefined>) {
    this.#login = login;
  }

  /** Rejects as the login did; the next call tries again. */
  async get(endpoint: string): Promise<string | undefined> {
    let token = this.#tokens.get(endpoint);
    if (token === undefined) {
      token = this.#login(endpoint);
      this.#tokens.set(endpoint, token);
    }
    try {
      return await token;
    } catch (error) {
      if (this.#tokens.get(endpoint) === token) this.#tokens.delete(endpoint);
      throw error;
    }
  }

  /** Forgets a token that the endpoint refused, unless it was replaced meanwhile. */
  drop(endpoint: string, refused: string): void {
    const token = this.#tokens.get(endpoint);
    void token?.then((current) => {
      if (current === refused && this.#tokens.get(endpoint) === token) {
        this.#tokens.delete(endpoint);
      }
    }, () => {
      // A failed login has already been taken out.
    });
  }
}
