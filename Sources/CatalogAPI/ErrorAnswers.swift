import Catalog
import Hummingbird

/// The outermost middleware: whatever a route throws becomes an answer of the contract's form.
struct ErrorAnswers: RouterMiddleware {
  func handle(
    _ request: Request, context: APIRequestContext,
    next: (Request, APIRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as APIError {
      return error.response()
    } catch let error as HTTPError where error.status == .notFound {
      return APIError.unknownRoute.response()
    } catch let error as CatalogError {
      context.logger.error("the catalog could not be read", metadata: ["error": "\(error)"])
      return APIError.database(error).response()
    } catch {
      context.logger.error("HTTP request failed", metadata: ["error": "\(error)"])
      return APIError.internal.response()
    }
  }
}
